"""A production process with a weak secret or a debug switch ends before it listens (CWE-1188; ASVS 13.3.1, 13.4.2)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from vallum.findings.finding import Confidence, Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Launch
from vallum.probe.starting import (
    START,
    TRIAL,
    name_environments,
    name_secrets,
    name_switches,
    read_names,
    reads_whole,
    said_at_end,
    why_unstarted,
)
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="weak-settings-stop-the-start", control="fail-securely-startup")
_SOUND: Final = "start as production"
_SHORT: Final = "k3y"
_DATABASE: Final = ("DATABASE_URL", "DB_URL", "DATABASE_DSN", "SQLALCHEMY_DATABASE_URI", "POSTGRES_URL", "PG_DSN")
_PLAIN_DATABASE: Final = "postgresql://app:x9Vq2LmTz7@db.example.com/app?sslmode=disable"
_MESSAGE: Final = "A deployment that is configured wrongly runs, and an attacker finds it before its owners do."
_FIX: Final = "Check all settings before listening; in production exit non-zero and name every problem, without values."
_MOST: Final = 3


def _ask(surface: Surface) -> Asking:
    """Once as it is, to learn what it reads; once as production; then with one setting spoilt at a time."""
    if not surface.startable:
        return
    known = yield Launch(trial=TRIAL, label=START, shared=True)
    if not known.answer.status:
        return
    names = read_names(known)
    production = _production(names)
    sound = yield Launch(trial="sound", production=True, environment=production, label=_SOUND)
    spoilt = dict(_spoil(tuple(dict.fromkeys((*names, *read_names(sound))))))
    for label, change in list(spoilt.items())[:_MOST]:
        yield Launch(trial="spoilt", production=True, environment={**production, **change}, label=label)


def _production(names: Sequence[str]) -> dict[str, str | None]:
    return dict.fromkeys(name_environments(names), "production")


def _spoil(names: Sequence[str]) -> Iterator[tuple[str, Mapping[str, str | None]]]:
    secrets = [name for name in name_secrets(names) if not name.endswith("_FILE")]
    signing = sorted(secrets, key=lambda name: ("SECRET" not in name.upper(), "PASSWORD" in name.upper()))
    for name in signing[:1]:
        yield f"{name} of three characters", {name: _SHORT, f"{name}_FILE": None}
    for name in name_switches(names)[:1]:
        yield f"{name} on", {name: "1"}
    for name in names:
        if name.upper() in _DATABASE:
            yield f"{name} without TLS", {name: _PLAIN_DATABASE}


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    silence = [*why_unstarted(CLAIM, surface, exchanges)]
    if silence:
        yield from silence
        return
    sound = next((e for e in exchanges if e.shot.label == _SOUND), None)
    spoilt = [e for e in exchanges if e.shot.label not in (START, _SOUND)]
    if sound is None or not spoilt:
        if any(reads_whole(exchange) for exchange in exchanges if exchange.shot.label == START):
            yield CLAIM.unproven(Silence.COULD_NOT_LOOK, "the app reads its environment as a whole, not by names")
            return
        yield CLAIM.unproven(Silence.NOTHING_EXAMINED, "the app reads no secret or debug switch from its environment")
        return
    for exchange in spoilt:
        yield _verdict(sound, exchange)


def _verdict(sound: Exchange, spoilt: Exchange) -> Remark:
    label = spoilt.shot.label
    name = label.partition(" ")[0]
    if spoilt.answer.status:
        reason = f"With {label} the app starts as production all the same."
        sure = Confidence.HIGH if "SECRET" in name.upper() or label.endswith(" on") else Confidence.MEDIUM
        return CLAIM.finding(spoilt, Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=sure))
    said = said_at_end(spoilt)
    if _SHORT in said.split() or _PLAIN_DATABASE in said:
        reason = f"With {label} the app ends, and shows the value of {name} in what it says."
        blame = Blame(message="Whoever reads the output of a failed start reads secrets.", reason=reason, fix=_FIX)
        return CLAIM.finding(spoilt, blame)
    if not sound.answer.status and said_at_end(sound) == said:
        reason = f"it does not start as production at all: {sound.answer.fault[:160]}"
        return CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)
    return CLAIM.site(spoilt, f"with {label} it ends before it listens, and shows no value")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("start with a weak setting", "starts with weak settings"),
    sound="refused",
    ask=_ask,
    judge=_judge,
)
