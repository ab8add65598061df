"""The opt-outs that a policy uses: each is called `unsafe_...`, is listed, and needs a reason in production."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Final

from vallum.guard.configuration.problem import Problem
from vallum.guard.policy import GuardPolicy

KEEPS: Final = ("secure-defaults",)
_PREFIX: Final = "unsafe_"


def list_weakenings(policy: object, path: str = "") -> Iterator[str]:
    """The dotted names of all `unsafe_` fields that are set in `policy` and the policies in it."""
    if not is_dataclass(policy) or isinstance(policy, type):
        return
    for field in fields(policy):
        value, name = getattr(policy, field.name, None), f"{path}{field.name}"
        if field.name.startswith(_PREFIX):
            if value:
                yield name
        else:
            yield from list_weakenings(value, f"{name}.")


def find_weakenings(policy: GuardPolicy) -> Iterator[Problem]:
    """The weakenings for which `policy.accepted_risks` holds no reason."""
    for name in list_weakenings(policy):
        if not policy.accepted_risks.get(name, "").strip():
            yield Problem(
                code="unsafe-unrecorded",
                what=f"{name} is set, and nobody has said why.",
                fix=f'Leave it out, or record the reason: accepted_risks={{"{name}": "..."}}.',
            )
