"""The mails that an app in process writes: every message of Python's `email` package, whoever sends it, or nobody.

Apps hand their mail to SMTP, to a service, to a folder, or keep it in a list; all build a message first. It is listened
to where a message gets its text and where it is written out, so that nothing has to be sent to be seen.
"""

import email.generator
import email.message
import threading
from collections.abc import Callable, Iterator
from email.message import Message
from typing import Any, Final

from vallum.probe.exchange import Letter

_MOST: Final = 100
_LONGEST: Final = 20_000
_EARS: Final[list["Letterbox"]] = []


class Letterbox:
    """Keeps the mails that were written since they were last taken."""

    def __init__(self) -> None:
        """Begin to listen."""
        self._messages: dict[int, Message] = {}
        self._lock = threading.Lock()
        _EARS.append(self)
        if len(_EARS) == 1:
            _Taps.set()

    def keep(self, message: Message) -> None:
        """Remember a message; who gets it may not be known yet."""
        with self._lock:
            if len(self._messages) < _MOST:
                self._messages[id(message)] = message

    def take(self) -> tuple[Letter, ...]:
        """What was written since the last call: mails with an addressee."""
        with self._lock:
            messages, self._messages = list(self._messages.values()), {}
        return tuple(dict.fromkeys(_read_letters(messages)))

    def close(self) -> None:
        """Stop listening."""
        if self in _EARS:
            _EARS.remove(self)
            if not _EARS:
                _Taps.take_out()


class _Taps:
    """The two places that are listened to, while there is any ear."""

    fill = email.message.Message.set_payload
    write = email.generator.Generator.flatten

    @classmethod
    def set(cls) -> None:
        cls.fill, cls.write = email.message.Message.set_payload, email.generator.Generator.flatten
        fill, write = cls.fill, cls.write

        def set_payload(message: Message, *given: Any, **named: Any) -> Any:
            _keep(message)
            return fill(message, *given, **named)

        def flatten(generator: Any, message: Message, *given: Any, **named: Any) -> Any:
            _keep(message)
            return write(generator, message, *given, **named)

        _set_methods(set_payload, flatten)

    @classmethod
    def take_out(cls) -> None:
        _set_methods(cls.fill, cls.write)


def _set_methods(fill: Callable[..., Any], write: Callable[..., Any]) -> None:
    for kind, name, function in (
        (email.message.Message, "set_payload", fill),
        (email.generator.Generator, "flatten", write),
    ):
        setattr(kind, name, function)


def _keep(message: Message) -> None:
    for ear in _EARS:
        ear.keep(message)


def _read_letters(messages: list[Message]) -> Iterator[Letter]:
    for message in messages:
        recipient = str(message.get("To", ""))
        if recipient:
            text = "\n".join(_texts(message))[:_LONGEST]
            yield Letter(recipient=recipient, subject=str(message.get("Subject", "")), text=text)


def _texts(message: Message) -> Iterator[str]:
    for part in message.walk():
        content = part.get_payload(decode=True)
        if part.get_content_maintype() == "text" and isinstance(content, bytes):
            yield content.decode(part.get_content_charset("utf-8"), "replace")
