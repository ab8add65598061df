"""Without a name of its environment the app behaves as in production (CWE-1188; ASVS 13.4.2)."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.debugging import find_debugger
from vallum.probe.exchange import Exchange, Launch, Shot
from vallum.probe.operation import In, Operation
from vallum.probe.starting import START, TRIAL, name_environments, read_names, reads_whole, why_unstarted
from vallum.probe.surface import UNKNOWN, Surface

CLAIM: Final = Claim(slug="an-unnamed-environment-is-production", control="environment-config")
_UNNAMED, _PAGE, _PLAIN, _WRONG = "start unnamed", "page", "page on plain HTTP", "wrong value"
_MESSAGE: Final = "One variable that is forgotten in a deployment opens what only developers should see."
_FIX: Final = "Take an unset or unknown name of the environment for production, and refuse what production refuses."
_NASTY: Final = "'\"`{[<\\"
_MOST: Final = 12


def _ask(surface: Surface) -> Asking:
    if not surface.startable:
        return
    known = yield Launch(trial=TRIAL, label=START, shared=True)
    names = name_environments(read_names(known))
    if not known.answer.status or not names:
        return
    unnamed = yield Launch(trial="unnamed", environment=dict.fromkeys(names), production=True, label=_UNNAMED)
    if not unnamed.answer.status:
        return
    yield Shot(method="GET", target="/", route="/", scheme="http", trial="unnamed", label=_PLAIN)
    missing = f"/{surface.mark}-no-such-page"
    yield Shot(method="GET", target=missing, route=UNKNOWN, trial="unnamed", label=_PAGE)
    for operation in list(_reading(surface))[:_MOST]:
        hits = {parameter.key: _NASTY for parameter in operation.within(In.QUERY, In.PATH)}
        shot = surface.aim(operation, "", hits=hits, label=_WRONG)
        if shot:
            yield Shot(method="GET", target=shot.target, route=shot.route, trial="unnamed", label=_WRONG)


def _reading(surface: Surface) -> Iterator[Operation]:
    return (op for op in surface.usable() if op.method == "GET" and op.within(In.QUERY, In.PATH))


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    unstarted = [*why_unstarted(CLAIM, surface, exchanges)]
    if unstarted:
        yield from unstarted
        return
    started = next((e for e in exchanges if e.shot.label == START), None)
    if started and not name_environments(read_names(started)):
        silence = Silence.COULD_NOT_LOOK if reads_whole(started) else Silence.DOES_NOT_APPLY
        yield CLAIM.unproven(silence, "the app reads no variable by name that says where it runs")
        return
    unnamed = next(e for e in exchanges if e.shot.label == _UNNAMED)
    if not unnamed.answer.status:
        yield CLAIM.site(unnamed, f"does not start without a name: {unnamed.answer.fault[:100]}")
        return
    yield from _judge_behaviour(exchanges)


def _judge_behaviour(exchanges: Sequence[Exchange]) -> Iterator[Remark]:
    debugged = False
    for exchange in exchanges:
        label, answer = exchange.shot.label, exchange.answer
        if label == _PLAIN and answer.status:
            if answer.succeeded:
                reason = "Started without a name of its environment, the app serves a page on plain HTTP."
                blame = Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)
                yield CLAIM.finding(exchange, blame)
            else:
                yield CLAIM.site(exchange, f"unnamed, plain HTTP: {answer.status}")
        elif label in (_PAGE, _WRONG) and not debugged and answer.status >= 400:
            sign = find_debugger(answer.text)
            if sign:
                debugged = True
                reason = f"Started without a name of its environment, the app answers with {sign[1]}."
                yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX), needle=sign[0])
            elif label == _PAGE:
                yield CLAIM.site(exchange, f"unnamed, missing page: {answer.status} and no debug page")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("answer without a named environment", "answers without a named environment"),
    sound="as in production",
    ask=_ask,
    judge=_judge,
)
