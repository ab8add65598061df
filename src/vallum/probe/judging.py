"""What many checks do alike: pick answers of one kind, and speak once of a fault that many answers share."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from vallum.findings.finding import Remark
from vallum.probe.check import Blame, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.surface import Surface

_MOST_NAMED = 5


def distinct_answers(surface: Surface) -> tuple[Exchange, ...]:
    """The answers of the survey, one for each method, route, status and kind of reader."""
    seen: dict[tuple[str, str, int, bool], Exchange] = {}
    for exchange in surface.exchanges:
        if exchange.answer.status:
            shot = exchange.shot
            seen.setdefault(
                (shot.method, shot.route or shot.target, exchange.answer.status, bool(shot.identity)), exchange
            )
    return tuple(seen.values())


def pages_of(surface: Surface) -> tuple[Exchange, ...]:
    """The answers that a browser renders as a page, errors included."""
    return tuple(exchange for exchange in distinct_answers(surface) if exchange.answer.is_html)


def judge_answers(
    claim: Claim,
    exchanges: Iterable[Exchange],
    fault_of: Callable[[Exchange], Blame | None],
    note_of: Callable[[Exchange], str],
) -> Iterator[Remark]:
    """A site for each answer that is well; one finding for each fault, on the first answer that has it."""
    faults: dict[Blame, list[Exchange]] = {}
    for exchange in exchanges:
        blame = fault_of(exchange)
        if blame is None:
            yield claim.site(exchange, note_of(exchange))
        else:
            faults.setdefault(blame, []).append(exchange)
    for blame, met in faults.items():
        yield claim.finding(met[0], blame, seen=_others(met))


def _others(met: Sequence[Exchange]) -> tuple[str, ...]:
    rest = list(dict.fromkeys(f"{e.shot.method} {e.shot.route or e.shot.target} ({e.answer.status})" for e in met[1:]))
    if not rest:
        return ()
    more = f", and {len(rest) - _MOST_NAMED} more" if len(rest) > _MOST_NAMED else ""
    return (f"the same on {', '.join(rest[:_MOST_NAMED])}{more}",)
