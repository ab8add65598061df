"""A value never reaches a shell, nor becomes an option of a program (CWE-78, CWE-88; ASVS 1.2.5)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.surface import Surface
from vallum.probe.sweep import name_slot, number_of, open_slots, strike_slots, struck_slots

CLAIM: Final = Claim(slug="shell-syntax-is-not-run", control="no-shell-injection")
_FIX: Final = "Start the program with a list of arguments and no shell; refuse values that begin with a dash."
_MESSAGE: Final = "An attacker can run any command on the server through this parameter."
_FACTOR: Final = 8633
_NAP, _NO_NAP, _AGAIN, _OPTION, _OUTPUT = "sleep", "no sleep", "sleep again", "option", "output"


def _wrap(command: str) -> str:
    """A value that runs the command unquoted, in single quotes and in double quotes."""
    return f"a;{command} #';{command} #\"$({command})"


def _write(surface: Surface) -> Callable[[int], dict[str, str]]:
    def write(number: int) -> dict[str, str]:
        """The product stands nowhere in the value itself, and is another for each place."""
        echo = f"echo vsh$(({_FACTOR}*{1000 + number}))end"
        return {_OUTPUT: _wrap(echo), _OPTION: "--help", _NAP: _wrap(f"sleep {surface.delay:g}")}

    return write


def _ask(surface: Surface) -> Asking:
    slots = list(open_slots(surface))
    sweep = strike_slots(surface, slots, _write(surface))
    shot = next(sweep, None)
    slow: list[int] = []
    while shot is not None:
        exchange = yield shot
        if exchange.shot.label.startswith(f"{_NAP} #") and exchange.answer.seconds >= surface.delay:
            slow.append(number_of(exchange))
        try:
            shot = sweep.send(exchange)
        except StopIteration:
            break
    for number in dict.fromkeys(slow):
        slot, who = slots[number]
        for label, seconds in ((_NO_NAP, 0.0), (_AGAIN, surface.delay)):
            again = surface.strike(slot, who, _wrap(f"sleep {seconds:g}"), f"{label} #{number}")
            if again:
                yield again


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    for number, first in struck_slots(exchanges).items():
        own = [exchange for exchange in exchanges if number_of(exchange) == number]
        found = _by_output(exchanges, number) or _by_option(surface, own) or _by_time(surface, own)
        if found:
            reason = f"{name_slot(first)}: {found[1].reason}"
            yield CLAIM.finding(first, replace(found[1], reason=reason), needle=found[2], shown=found[0])
        elif first.answer.status:
            yield CLAIM.site(first, f"{first.shot.slot}: no command ran")


def _by_output(exchanges: Sequence[Exchange], number: int) -> tuple[Exchange, Blame, str] | None:
    product = f"vsh{_FACTOR * (1000 + number)}end"
    for exchange in exchanges:
        if product in exchange.answer.text or product in exchange.answer.header("location"):
            reason = f"the shell worked out a product, and the answer holds {product}."
            return exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX), product
    return None


def _by_option(surface: Surface, own: Sequence[Exchange]) -> tuple[Exchange, Blame, str] | None:
    known = "".join(met.answer.text.lower() for met in surface.exchanges)
    for exchange in own:
        text = exchange.answer.text
        printed = "usage:" in text.lower() and "--" in text and "usage:" not in known
        if exchange.shot.label.startswith(f"{_OPTION} #") and printed:
            message = "An attacker can hand options to a program on the server, and so change what it does."
            reason = "the value --help made a program print its options."
            at = text.lower().find("usage:")
            return exchange, Blame(message=message, reason=reason, fix=_FIX), text[at : at + 6]
    return None


def _by_time(surface: Surface, own: Sequence[Exchange]) -> tuple[Exchange, Blame, str] | None:
    quick = next((e for e in own if e.shot.label.startswith(f"{_NO_NAP} #")), None)
    again = next((e for e in own if e.shot.label.startswith(f"{_AGAIN} #")), None)
    if not quick or not again or again.answer.seconds < surface.delay or quick.answer.seconds >= surface.delay / 2:
        return None
    waits = f"{again.answer.seconds:.1f} s and {quick.answer.seconds:.1f} s"
    reason = f"asked to sleep {surface.delay:g} s and 0 s, the app took {waits}."
    return again, Blame(message=_MESSAGE, reason=reason, fix=_FIX), ""


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("parameter", "parameters"),
    sound="out of reach of a shell",
    ask=_ask,
    judge=_judge,
    idle="no parameter that takes text was found",
)
