"""A value never reaches a shell, nor becomes an option of a program (CWE-78, CWE-88; ASVS 1.2.5)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.surface import Surface
from vallum.probe.sweep import deliver, open_slots

CLAIM: Final = Claim(slug="shell-syntax-is-not-run", control="no-shell-injection")
_FIX: Final = "Start the program with a list of arguments and no shell; refuse values that begin with a dash."
_MESSAGE: Final = "An attacker can run any command on the server through this parameter."
_PRODUCT: Final = "vsh8633end"
_SUM: Final = "vsh$((97*89))end"
_ECHO: Final = f"a;echo {_SUM} #';echo {_SUM} #\"$(echo {_SUM})"
"""Runs unquoted, in single quotes and in double quotes; the product stands nowhere in the value itself."""
_NAP, _NO_NAP, _AGAIN, _OPTION, _OUTPUT = "sleep", "no sleep", "sleep again", "option", "output"


def _nap(seconds: float) -> str:
    command = f"sleep {seconds:g}"
    return f"a;{command} #';{command} #\"$({command})"


def _ask(surface: Surface) -> Asking:
    for slot, who in open_slots(surface):
        for label, value in ((_OUTPUT, _ECHO), (_OPTION, "--help")):
            if shot := surface.strike(slot, who, value, label):
                yield from deliver(shot)
        shot = surface.strike(slot, who, _nap(surface.delay), _NAP)
        if shot is None:
            continue
        slept = yield shot
        if slept.answer.seconds >= surface.delay:
            for label, seconds in ((_NO_NAP, 0.0), (_AGAIN, surface.delay)):
                if shot := surface.strike(slot, who, _nap(seconds), label):
                    yield shot


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    broken: set[tuple[str, str, str]] = set()
    for exchange in exchanges:
        key = (exchange.shot.route, exchange.shot.slot, exchange.shot.identity)
        found = _by_output(exchange) or _by_option(surface, exchange) or _by_time(surface, exchange, exchanges)
        if found and key not in broken:
            broken.add(key)
            yield CLAIM.finding(exchange, found[0], needle=found[1])
    for exchange in exchanges:
        key = (exchange.shot.route, exchange.shot.slot, exchange.shot.identity)
        if exchange.shot.label == _NAP and key not in broken and exchange.answer.status:
            yield CLAIM.site(exchange, f"{exchange.shot.slot}: no command ran")


def _by_output(exchange: Exchange) -> tuple[Blame, str] | None:
    answer = exchange.answer
    if exchange.shot.label != _OUTPUT or not (_PRODUCT in answer.text or _PRODUCT in answer.header("location")):
        return None
    reason = f"{exchange.shot.slot}: the shell multiplied 97 by 89, and the answer holds {_PRODUCT}."
    return Blame(message=_MESSAGE, reason=reason, fix=_FIX), _PRODUCT


def _by_option(surface: Surface, exchange: Exchange) -> tuple[Blame, str] | None:
    text = exchange.answer.text
    if exchange.shot.label != _OPTION or "usage:" not in text.lower() or "--" not in text:
        return None
    known = (met.answer.text.lower() for met in surface.exchanges if met.shot.route == exchange.shot.route)
    if any("usage:" in other for other in known):
        return None
    reason = f"{exchange.shot.slot}: the value --help made the program print its options."
    message = "An attacker can hand options to a program on the server, and so change what it does."
    return Blame(message=message, reason=reason, fix=_FIX), text[text.lower().find("usage:") :][:6]


def _by_time(surface: Surface, exchange: Exchange, exchanges: Sequence[Exchange]) -> tuple[Blame, str] | None:
    if exchange.shot.label != _AGAIN or exchange.answer.seconds < surface.delay:
        return None
    place = (exchange.shot.route, exchange.shot.slot, exchange.shot.identity)
    for other in exchanges:
        met = (other.shot.route, other.shot.slot, other.shot.identity)
        if met == place and other.shot.label == _NO_NAP and other.answer.seconds < surface.delay / 2:
            waits = f"{exchange.answer.seconds:.1f} s and {other.answer.seconds:.1f} s"
            reason = f"{exchange.shot.slot}: asked to sleep {surface.delay:g} s and 0 s, the app took {waits}."
            return Blame(message=_MESSAGE, reason=reason, fix=_FIX), ""
    return None


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("parameter", "parameters"),
    sound="out of reach of a shell",
    ask=_ask,
    judge=_judge,
    idle="no parameter that takes text was found",
)
