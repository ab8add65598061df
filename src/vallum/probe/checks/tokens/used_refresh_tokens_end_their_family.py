"""A refresh token works once; when it comes twice, its family ends (CWE-294, CWE-613; RFC 9700, 4.14; ASVS 10.4.5)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.bearer import find_carriers
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Stir, Volley
from vallum.probe.issuing import try_token
from vallum.probe.operation import Operation
from vallum.probe.refreshing import READ_ONLY, Pair, begin_family, bring, find_door, read_pair, renew_pair
from vallum.probe.starting import open_trial
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="used-refresh-tokens-end-their-family", control="refresh-token-rotation")
_RENEW, _REPLAY, _HEIR = "renewal", "the used token again", "its successor, after that"
_ACCESS, _ENDED = "access token of the renewal", "the access token of that login, after that"
_RACE, _MIDDLE, _WEEK = "at once", "renewal after four days", "renewal after seven days"
_AT_ONCE: Final = 10
_GRACE: Final = 61
_DAY: Final = 86_400
_MESSAGE: Final = "A copied refresh token works for as long as its owner's, and nobody ever notices."
_FIX: Final = "Replace it at each use in one atomic step, and end its family, access tokens too, when one comes twice."


def _ask(surface: Surface) -> Asking:
    door = find_door(surface)
    if door is None or not surface.writes:
        return
    trial = (yield from open_trial(surface)) or ""
    if trial:  # tokens that say nothing but the second of their issue are alike within it
        yield Stir(trial=trial, seconds=2)
    pair = yield from begin_family(surface, trial)
    if pair is None:
        return
    pair = replace(pair, refresh=pair.refresh or pair.access)
    renewed = yield from renew_pair(surface, door, pair, trial, _RENEW)
    if renewed is None:
        return
    way, heir = renewed
    yield from _ask_replay(surface, door, (way, trial), (pair, heir))
    if heir.refresh and heir.refresh != pair.refresh:
        yield from _ask_race(surface, door, way)
        if trial:
            yield from _ask_week(surface, door, way, trial)


def _ask_replay(surface: Surface, door: Operation, how: tuple[str, str], pairs: tuple[Pair, Pair]) -> Asking:
    """The used token once more, after the grace that two tabs are given, and then what came of it."""
    (way, trial), (pair, heir) = how, pairs
    carried = next(find_carriers(surface), None)
    if carried and heir.access:
        yield try_token(carried, heir.access, trial, _ACCESS)
    if trial:
        yield Stir(trial=trial, seconds=_GRACE)
    yield replace(bring(surface, door, pair, (way, pair.refresh), trial), label=_REPLAY)
    if heir.refresh:
        yield replace(bring(surface, door, pair, (way, heir.refresh), trial), label=_HEIR)
    if carried and heir.access:
        yield try_token(carried, heir.access, trial, _ENDED)


def _ask_race(surface: Surface, door: Operation, way: str) -> Asking:
    pair = yield from begin_family(surface)
    if pair and pair.refresh:
        shot = replace(bring(surface, door, pair, (way, pair.refresh)), label=_RACE)
        yield Volley(tuple(replace(shot, session=f"race {number}") for number in range(_AT_ONCE)))


def _ask_week(surface: Surface, door: Operation, way: str, trial: str) -> Asking:
    """Renewed in between, a family is older than a week all the same."""
    pair = yield from begin_family(surface, trial)
    if pair is None or not pair.refresh:
        return
    yield Stir(trial=trial, seconds=4 * _DAY)
    later = yield replace(bring(surface, door, pair, (way, pair.refresh), trial), label=_MIDDLE)
    heir = read_pair(later)
    if heir and heir.refresh:
        yield Stir(trial=trial, seconds=3 * _DAY + _GRACE)
        yield replace(bring(surface, door, pair, (way, heir.refresh), trial), label=_WEEK)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    told = {exchange.shot.label: exchange for exchange in exchanges}
    if find_door(surface) is None:
        yield CLAIM.unproven(Silence.DOES_NOT_APPLY, "no refresh endpoint was found")
    elif not surface.writes:
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, READ_ONLY)
    elif _REPLAY not in told:
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, "the refresh endpoint took no token that a login gave")
    else:
        yield from _judge_replay(told)
        yield from _judge_race([exchange for exchange in exchanges if exchange.shot.label == _RACE])
        yield from _judge_week(told)


def _judge_replay(told: Mapping[str, Exchange]) -> Iterator[Remark]:
    replay, first = told[_REPLAY], read_pair(told[_RENEW])
    again = read_pair(replay)
    if again and first and again.refresh and again.refresh == first.refresh and not replay.shot.trial:
        reason = (
            "the used token gives the same successor at once: whether that is a grace of some seconds cannot be seen"
        )
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)
        return
    if again:
        yield CLAIM.finding(replay, _blame("A refresh token that was used before gives new tokens again."))
        return
    if not 400 <= replay.answer.status < 500:
        return
    yield CLAIM.site(replay, f"{_REPLAY}: {replay.answer.status}")
    alive = (_HEIR in told and read_pair(told[_HEIR]), _ENDED in told and told[_ENDED].answer.succeeded)
    for label, living in zip((_HEIR, _ENDED), alive, strict=True):
        if label not in told or (label == _ENDED and not told[_ACCESS].answer.succeeded):
            continue
        if living:
            sure = Confidence.HIGH if label == _HEIR else Confidence.MEDIUM
            yield CLAIM.finding(told[label], _blame(f"A used refresh token came again; {label}, still works.", sure))
        else:
            yield CLAIM.site(told[label], f"{label}: {told[label].answer.status}")


def _judge_race(race: Sequence[Exchange]) -> Iterator[Remark]:
    """Each successor that differs is one use that won; a grace gives all of them the same."""
    given = {pair.refresh or pair.access: exchange for exchange in race if (pair := read_pair(exchange))}
    if len(given) > 1:
        reason = f"{len(race)} uses of one refresh token at the same moment give {len(given)} different successors."
        yield CLAIM.finding(next(iter(given.values())), _blame(reason))
    elif given:
        yield CLAIM.site(next(iter(given.values())), f"{len(race)} uses at the same moment: one wins")


def _judge_week(told: Mapping[str, Exchange]) -> Iterator[Remark]:
    if _WEEK in told and read_pair(told[_WEEK]):
        yield CLAIM.finding(told[_WEEK], _blame("Renewed in between, a family lives longer than 7 days."))
    elif _WEEK in told and 400 <= told[_WEEK].answer.status < 500:
        yield CLAIM.site(told[_WEEK], f"{_WEEK}: {told[_WEEK].answer.status}")


def _blame(reason: str, sure: Confidence = Confidence.HIGH) -> Blame:
    return Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=sure)


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("use of a refresh token", "uses of refresh tokens"),
    sound="after which the family ended",
    ask=_ask,
    judge=_judge,
)
