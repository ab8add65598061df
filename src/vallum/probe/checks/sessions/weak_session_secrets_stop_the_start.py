"""Without a good secret for its sessions the process ends before it listens (CWE-321, CWE-1391; ASVS 13.3.1)."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Launch, Volley
from vallum.probe.starting import (
    PRODUCTION,
    START,
    TRIAL,
    name_environments,
    read_names,
    reads_whole,
    said_at_end,
    why_unstarted,
)
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="weak-session-secrets-stop-the-start", control="session-secret")
_RANKS: Final = tuple(
    re.compile(rf"(?i)(?:^|_)(?:{words})$")
    for words in (
        r"SESSION_?(?:SECRET|SECRET_KEY|KEY)S?",
        r"(?:COOKIE|CSRF)_?(?:SECRET|SECRET_KEY|KEY)S?",
        r"SECRET_KEY(?:_BASE)?",
        r"(?:APP|FLASK|DJANGO|VALLUM|STARLETTE|QUART)_SECRET",
    )
)
"""The names of secrets that sign sessions, the surest first."""
_OTHER: Final = re.compile(r"(?i)JWT|CLIENT|OAUTH|AWS|STRIPE|WEBHOOK|_FILE$")
_SHORT, _SAMPLE = "k3y4sess", "changeme"
_WEAK: Final[dict[str, str | None]] = {"unset": None, "of 8 bytes": _SHORT, f"set to '{_SAMPLE}'": _SAMPLE}
_MESSAGE: Final = "With a signing secret that can be known or guessed, anybody writes himself a session."
_FIX: Final = "Read the secret from the environment, and end the start when it is missing, under 32 bytes, or a sample."


def _ask(surface: Surface) -> Asking:
    if not surface.startable:
        return
    known = yield Launch(trial=TRIAL, label=START, shared=True)
    name = _name_secret(known, surface)
    if not name:
        return
    production: dict[str, str | None] = dict.fromkeys(name_environments(read_names(known)), "production")
    if surface.production:
        yield Launch(trial=PRODUCTION, production=True, label=START, shared=True)
    else:
        yield Launch(trial=PRODUCTION, environment=production, label=START)
    weak = {label: {**production, name: value, f"{name}_FILE": None} for label, value in _WEAK.items()}
    starts = [Launch(trial=label, production=True, environment=weak[label], label=label) for label in weak]
    yield Volley(tuple(starts))


def _name_secret(known: Exchange, surface: Surface) -> str:
    """The variable that holds the secret of sessions, read or told of; empty when none is named like one."""
    names = [name for name in (*read_names(known), *surface.drawn) if not _OTHER.search(name)]
    return next((name for rank in _RANKS for name in names if rank.search(name)), "")


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    silent = [*why_unstarted(CLAIM, surface, exchanges[:1])]
    yield from silent
    if silent:
        return
    told = {exchange.shot.label: exchange for exchange in exchanges}
    known, whole = (next((e for e in exchanges if e.shot.trial == name), None) for name in (TRIAL, PRODUCTION))
    if known is None or whole is None:
        if known and reads_whole(known):
            yield CLAIM.unproven(Silence.COULD_NOT_LOOK, "the app reads its environment as a whole, not by names")
        else:
            yield CLAIM.unproven(Silence.NOTHING_EXAMINED, "the app reads no secret of sessions from its environment")
        return
    name = _name_secret(known, surface)
    for label in _WEAK:
        yield _verdict(whole, told[label], f"{name} {label}")


def _verdict(whole: Exchange, weak: Exchange, setting: str) -> Remark:
    if weak.answer.status:
        blame = Blame(message=_MESSAGE, reason=f"With {setting} the app starts as production all the same.", fix=_FIX)
        return CLAIM.finding(weak, blame)
    said = said_at_end(weak)
    if _SHORT in said:
        reason = f"With {setting} the app ends, and shows the secret in what it says."
        return CLAIM.finding(weak, Blame(message="Whoever reads its output reads secrets.", reason=reason, fix=_FIX))
    if not whole.answer.status and said_at_end(whole) == said:
        reason = f"it does not start as production at all: {whole.answer.fault[:160]}"
        return CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)
    return CLAIM.site(weak, f"with {setting} it ends before it listens")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("start with a weak secret", "starts with weak secrets"),
    sound="refused",
    ask=_ask,
    judge=_judge,
)
