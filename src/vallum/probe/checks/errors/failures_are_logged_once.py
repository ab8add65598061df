"""Each failure leaves one entry in the log, with its stack and the id of its request (CWE-778; ASVS 16.3.4, 16.5.4)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, LogLine, SignIn, Stir
from vallum.probe.loglines import UNHEARD, has_stack, id_of
from vallum.probe.operation import Operation
from vallum.probe.starting import TRIAL, open_trial
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="failures-are-logged-once", control="exceptions-logged")
_SHAKEN: Final = "while its stores are away"
_MOST: Final = 6
_MESSAGE: Final = "An attack that makes the app fail leaves no trace that leads to its request."
_FIX: Final = "Log each unhandled exception once, in the outermost layer, with its stack, method, path and request id."


def _ask(surface: Surface) -> Asking:
    """Take the stores away from an app started for this: then most of what it does fails, jobs after answers too."""
    if not surface.startable:
        return
    trial = yield from open_trial(surface)
    if trial is None:
        return
    for account in surface.users[:1]:
        yield SignIn(identity=account.name, session=TRIAL, trial=trial)
    yield Stir(trial=trial, down=("database", "network", "files"))
    for operation, who in _likely(surface):
        shot = surface.aim(operation, who)
        if shot:
            yield replace(shot, session=TRIAL if who else "", trial=trial, label=_SHAKEN)
    yield Stir(trial=trial)


def _likely(surface: Surface) -> list[tuple[Operation, str]]:
    """What may fail without its stores: what leaves a job behind first, then what anybody may change, then the rest."""
    jobs = [(op, "") for op in surface.operations if not op.is_safe and not op.holes and _leaves_job(op)]
    users = [(op, who) for op in surface.usable() if (who := surface.actor(op)) is not None]
    return [
        *(jobs if surface.writes else ()),
        *sorted(users, key=lambda pair: (pair[1] != "", pair[0].method == "GET")),
    ][: 2 * _MOST]


def _leaves_job(operation: Operation) -> bool:
    """Whether it is one of those that send mail after the answer; nothing can be changed while the stores are away."""
    return operation.is_registration or any(word in operation.template for word in ("forgot", "reset", "recover"))


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    if not surface.in_process:
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, UNHEARD)
        return
    told: set[str] = set()
    for exchange in _failures((*surface.exchanges, *exchanges)):
        reason = _fault(exchange)
        if not reason:
            yield CLAIM.site(exchange, f"{_kind(exchange)}: one entry with stack and request id")
        elif reason not in told:
            told.add(reason)
            yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX), seen=_shown(exchange))


def _failures(exchanges: Sequence[Exchange]) -> Iterator[Exchange]:
    """One for each route: those that answered 500, and jobs that failed behind another answer."""
    seen: set[tuple[str, str]] = set()
    for exchange in exchanges:
        answer, place = exchange.answer, (exchange.shot.method, exchange.shot.route or exchange.shot.target)
        if place not in seen and (
            answer.status == 500 or answer.escaped or (_stacks(exchange) and answer.status < 400)
        ):
            seen.add(place)
            yield exchange


def _stacks(exchange: Exchange) -> list[LogLine]:
    """The first line of each record with a stack; printed stacks count by the lines that begin them."""
    lines: dict[tuple[str, int], LogLine] = {}
    for line in exchange.answer.log:
        if has_stack(line):
            key = (line.source, line.record) if line.record else (line.source, len(lines))
            lines.setdefault(key, line)
    return list(lines.values())


def _kind(exchange: Exchange) -> str:
    return "a request" if exchange.answer.status >= 500 else "a job after the answer"


def _fault(exchange: Exchange) -> str:
    stacks, answer = _stacks(exchange), exchange.answer
    if not stacks and answer.escaped:
        return "The exception reaches the server, whose entry has a stack and no id of the request."
    if not stacks:
        return f"The failure is answered with {answer.status}, and no stack is in the log."
    if len(stacks) + answer.escaped > 1:
        also = ", and the server logs it again" if answer.escaped else ""
        return f"One failure is logged {len(stacks)} time{'s' if len(stacks) > 1 else ''}{also}."
    known = id_of(exchange)
    if not known:
        return "The answer has no X-Request-ID by which its entry could be found."
    return "" if known in stacks[0].text else "The entry lacks the id of the request."


def _shown(exchange: Exchange) -> tuple[str, ...]:
    return tuple(f"log: {line.text.strip().splitlines()[0][:120]}" for line in _stacks(exchange)[:2])


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("failure", "failures"),
    sound="logged once, with stack and request id",
    ask=_ask,
    judge=_judge,
    idle="no failure could be provoked",
)
