"""The same strict models for queue messages, calls between services and jobs (CWE-20, ASVS 2.2.2, 13.2.1).

@validated(OrderPaid, dead_letter=set_aside)
def on_paid(message: OrderPaid) -> None: ...

on_paid(raw_bytes)
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from vallum.base.clock import SYSTEM_CLOCK, Clock
from vallum.base.errors import ConfigError
from vallum.guard.input.loaders import LoadLimits, load_json
from vallum.guard.input.models import InputRefusedError, bind_model
from vallum.guard.logging.events import Event, Level, Sink, log_event

KEEPS: Final = ("internal-api-validation",)
DeadLetter = Callable[[Any, InputRefusedError], object]
"""Gets a message that was refused, as it came, and why; sets it aside where a person looks."""
_LIMITS: Final = LoadLimits()


def validated(
    model: type[Any],
    *,
    dead_letter: DeadLetter | None = None,
    limits: LoadLimits = _LIMITS,
    sink: Sink = log_event,
    clock: Clock = SYSTEM_CLOCK,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a consumer whose first argument is a message: it gets an instance of `model`, or does not run.

    The message comes as JSON bytes or text, or as a mapping that the queue has decoded. A message that does not fit is
    logged once and given to `dead_letter`, and the call returns None, so that the queue counts it as done and does not
    deliver it for ever. Without `dead_letter` the call raises `InputRefusedError`, which suits calls that are answered.
    Works on functions and coroutine functions. An error of the dead letter itself is raised: nothing is lost.
    """

    def read(message: object, consumer: str) -> Any:
        try:
            return _read(message, model, limits)
        except InputRefusedError as error:
            if dead_letter is None:
                raise
            detail = {"place": consumer, "code": error.code, "reason": error.message}
            sink(Event(name="input-refused", level=Level.WARNING, at=clock(), detail=detail))
            return _SetAside(dead_letter(message, error))

    return lambda consumer: _wrap(consumer, read)


def _wrap(consumer: Callable[..., Any], read: Callable[[object, str], Any]) -> Callable[..., Any]:
    name = getattr(consumer, "__qualname__", "a consumer")
    if inspect.iscoroutinefunction(consumer):

        @functools.wraps(consumer)
        async def consume_later(message: object, /, *arguments: Any, **named: Any) -> Any:
            data = read(message, name)
            if not isinstance(data, _SetAside):
                return await consumer(data, *arguments, **named)
            if inspect.isawaitable(data.answer):
                await data.answer
            return None

        return consume_later

    @functools.wraps(consumer)
    def consume(message: object, /, *arguments: Any, **named: Any) -> Any:
        data = read(message, name)
        return None if isinstance(data, _SetAside) else consumer(data, *arguments, **named)

    return consume


class _SetAside:
    """What the dead letter answered, in the place of a message."""

    def __init__(self, answer: object) -> None:
        self.answer = answer


def _read(message: object, model: type[Any], limits: LoadLimits) -> Any:
    if isinstance(message, bytearray | memoryview):
        message = bytes(message)
    if isinstance(message, bytes | str):
        return load_json(message, model, limits=limits)
    if isinstance(message, Mapping):
        return bind_model(dict(message), model)
    if isinstance(message, model):
        raise ConfigError(
            f"a consumer was called with a finished {model.__name__}.",
            hint="Call it with the message as the queue delivers it.",
            code="message-type",
        )
    raise InputRefusedError("a message is neither JSON nor an object.", code="input-type")
