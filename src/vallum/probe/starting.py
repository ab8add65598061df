"""Starts of the app in a process of its own, as several claims ask for them, and what is said when one fails."""

import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Final

from vallum.findings.finding import Silence, Unproven
from vallum.probe.check import Claim, Wanted
from vallum.probe.exchange import Exchange, Launch
from vallum.probe.surface import Surface

TRIAL: Final = "plain"
PRODUCTION: Final = "production"
START: Final = "start"
_ENVIRONMENT: Final = re.compile(r"(?i)(?:^|_)(?:ENV|ENVIRONMENT|STAGE|PROFILE|RUN_?MODE|APP_?MODE)$")
_SECRET: Final = re.compile(r"(?i)(?:SECRET|_KEYS?|^KEY|PASSWORD|PASSPHRASE|TOKEN|SALT|PEPPER)(?:_KEY)?$")
_DEBUG: Final = re.compile(r"(?i)(?:^|_)(?:DEBUG|RELOAD|DEV(?:_?MODE)?)$")


def open_trial(surface: Surface, *, own: str = "") -> Generator[Wanted, Exchange, str | None]:
    """The app started anew; the trial's name, None where it did not start. Label: `START`.

    It is shared by all claims, unless `own` names one that is ended with the claim.
    """
    if not surface.startable:
        return None
    name = own or TRIAL
    started = yield Launch(trial=name, label=START, shared=not own)
    return name if started.answer.status else None


def open_stage(surface: Surface, *, own: str = "") -> Generator[Wanted, Exchange, str | None]:
    """Where production shows: a trial started so where the policy tells how, else the app that is probed (`""`)."""
    if not (surface.startable and surface.production):
        return ""
    name = own or PRODUCTION
    started = yield Launch(trial=name, production=True, label=START, shared=not own)
    return name if started.answer.status else None


def why_unstarted(claim: Claim, surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Unproven]:
    """What is said when the app was not, or could not be, started anew; nothing when it was."""
    if not surface.startable:
        yield claim.unproven(Silence.COULD_NOT_LOOK, "only an app that is named (module:app) can be started anew")
        return
    for exchange in exchanges:
        if exchange.shot.label == START and not exchange.answer.status:
            yield claim.unproven(Silence.COULD_NOT_LOOK, f"the app does not start anew: {exchange.answer.fault[:200]}")
            return


def why_no_stage(claim: Claim, exchanges: Sequence[Exchange]) -> Iterable[Unproven]:
    """What is said when the start as production failed."""
    for exchange in exchanges:
        if exchange.shot.label == START and not exchange.answer.status:
            reason = f"the app does not start as production: {exchange.answer.fault[:200]}"
            yield claim.unproven(Silence.COULD_NOT_LOOK, reason)
            return


def read_names(started: Exchange) -> tuple[str, ...]:
    """The environment variables that the app looked at when it started."""
    told = started.answer.json()
    return tuple(str(name) for name in told.get("reads", ())) if isinstance(told, Mapping) else ()


def reads_whole(started: Exchange) -> bool:
    """Whether the app looked at its environment as a whole, so that the names of what it needs are not known."""
    return "*" in read_names(started)


def said_at_end(started: Exchange) -> str:
    """What a start that failed said: its error, and what it printed."""
    told = started.answer.json()
    text = str(told.get("text", "")) if isinstance(told, Mapping) else ""
    return f"{started.answer.fault}\n{text}"


def name_environments(names: Iterable[str]) -> tuple[str, ...]:
    """Those that say in which environment the app runs: `APP_ENV`, `STAGE`."""
    return tuple(name for name in names if _ENVIRONMENT.search(name))


def name_secrets(names: Iterable[str]) -> tuple[str, ...]:
    """Those that hold a secret."""
    return tuple(name for name in names if _SECRET.search(name))


def name_switches(names: Iterable[str]) -> tuple[str, ...]:
    """Those that turn debugging on."""
    return tuple(name for name in names if _DEBUG.search(name))
