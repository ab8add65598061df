"""As production nothing starts without its secrets, and the refusal names them alone (CWE-1188; ASVS 13.3.1)."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Launch, Volley
from vallum.probe.starting import (
    START,
    TRIAL,
    name_environments,
    name_secrets,
    read_names,
    reads_whole,
    said_at_end,
    why_unstarted,
)
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="missing-secrets-stop-the-start", control="secrets-from-environment")
_ALL: Final = "all absent"
_OWN: Final = re.compile(r"(?i)JWT|SIGN|SECRET_?KEY|SESSION|COOKIE|CSRF|TOKEN_?KEY|ENCRYPT|DATA_?KEY")
"""Secrets that an app cannot work without: whatever it signs and seals with."""
_NOT_OWN: Final = re.compile(r"(?i)_FILE$|CLIENT|EXPIRE|MINUTES|SECONDS|DAYS|TTL|ALG|NAME$|URL$")
_MOST: Final = 4
_MESSAGE: Final = "A deployment that lacks its secret runs with one that stands in the code, and everybody knows it."
_FIX: Final = "Read each secret once at the start; where it is absent or empty, exit non-zero and name the variable."


def _ask(surface: Surface) -> Asking:
    """All secrets away at once; where that is refused and one of them is not named, this one alone."""
    if not surface.startable:
        return
    known = yield Launch(trial=TRIAL, label=START, shared=True)
    names = _needed(surface, read_names(known)) if known.answer.status else ()
    if not names:
        return
    place = dict.fromkeys(name_environments(read_names(known)), "production")
    first = yield Launch(trial="bare of secrets", production=True, environment=_without(names, place), label=_ALL)
    left = [] if first.answer.status else [name for name in names if not _names(said_at_end(first), name)]
    starts = [
        Launch(trial=f"no {name}", production=True, environment=_without((name,), place), label=name)
        for name in left[:_MOST]
    ]
    if starts:
        yield Volley(tuple(starts))


def _needed(surface: Surface, read: Sequence[str]) -> tuple[str, ...]:
    """The secrets that the policy draws for production, and those by which an app signs and seals."""
    words = [name for name, pattern in surface.drawn.items() if "{folder}" not in pattern]
    own = [name for name in name_secrets(read) if _OWN.search(name) and not _NOT_OWN.search(name)]
    return tuple(dict.fromkeys((*words, *own)))


def _without(names: Sequence[str], place: Mapping[str, str]) -> dict[str, str | None]:
    return {**place, **dict.fromkeys(names), **{f"{name}_FILE": None for name in names}}


def _names(said: str, name: str) -> bool:
    return re.search(rf"(?<![A-Z0-9_]){re.escape(name)}(?![A-Z0-9_])", said) is not None


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    silence = [*why_unstarted(CLAIM, surface, exchanges)]
    starts = [exchange for exchange in exchanges if exchange.shot.label != START]
    known = next((exchange for exchange in exchanges if exchange.shot.label == START), None)
    if silence or not starts or known is None:
        whole = known is not None and reads_whole(known)
        reason = "the app reads its environment as a whole, not by names" if whole else ""
        yield from silence or ([CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)] if reason else [])
        return
    names = _needed(surface, read_names(known))
    for start in starts:
        yield from _judge_start(start, names)


def _judge_start(start: Exchange, names: Sequence[str]) -> Iterator[Remark]:
    away = names if start.shot.label == _ALL else (start.shot.label,)
    said = said_at_end(start)
    if start.answer.status:
        reason = f"Without {' and '.join(away)} the app starts as production all the same."
        yield CLAIM.finding(start, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
        return
    for name in away:
        if _names(said, name):
            yield CLAIM.site(start, f"without {name} it ends, and names it")
        elif start.shot.label != _ALL:
            reason = f"without {name} it ends, and does not say why: {start.answer.fault[:120]}"
            yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("secret that was missing", "secrets that were missing"),
    sound="refused by name",
    ask=_ask,
    judge=_judge,
    idle="the app reads no secret of its own from its environment",
)
