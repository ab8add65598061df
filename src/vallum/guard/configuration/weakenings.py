"""The opt-outs that a policy uses: each is called `unsafe_...`, is listed, and needs a reason in production."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Final

from vallum.guard.configuration.problem import Problem
from vallum.guard.logging.events import Event, Level
from vallum.guard.policy import GuardPolicy

KEEPS: Final = ("secure-defaults",)
PREFIX: Final = "unsafe_"


def list_weakenings(policy: object, path: str = "") -> Iterator[str]:
    """The dotted names of all `unsafe_` fields that are set in `policy` and the policies in it."""
    if not is_dataclass(policy) or isinstance(policy, type):
        return
    for field in fields(policy):
        value, name = getattr(policy, field.name, None), f"{path}{field.name}"
        if field.name.startswith(PREFIX):
            if value:
                yield name
        else:
            yield from list_weakenings(value, f"{name}.")


def find_weakenings(policy: GuardPolicy) -> Iterator[Problem]:
    """The weakenings for which `policy.accepted_risks` holds no reason."""
    for name in list_weakenings(policy):
        if not policy.accepted_risks.get(name, "").strip():
            yield refuse_unrecorded(name)


def refuse_unrecorded(name: str) -> Problem:
    """The problem of a weakening for which nobody has given a reason."""
    fix = f'Leave it out, or record the reason: accepted_risks={{"{name}": "..."}}.'
    return Problem(code="unsafe-unrecorded", what=f"{name} is set, and nobody has said why.", fix=fix)


def announce_weakenings(policy: GuardPolicy) -> None:
    """Hand one event for each weakening to the policy's sink, with its reason."""
    for name in list_weakenings(policy):
        detail = {"setting": name, "reason": policy.accepted_risks.get(name, "")}
        policy.sink(Event(name="configuration-weakened", level=Level.WARNING, at=policy.clock(), detail=detail))
