"""Which environment this is. Without an answer it is production: a forgotten variable must not open anything."""

from collections.abc import Mapping
from typing import Final

from vallum.guard.configuration.problem import Problem
from vallum.guard.policy import Environment

VARIABLE: Final = "VALLUM_ENV"


def read_profile(given: Mapping[str, str]) -> Environment:
    """The environment that `VALLUM_ENV` names; production when it is unset, empty or unknown (ASVS 13.4.2)."""
    name = given.get(VARIABLE, "")
    return Environment(name) if name in {known.value for known in Environment} else Environment.PRODUCTION


def judge_profile(given: Mapping[str, str]) -> list[Problem]:
    """One problem when the name is unknown."""
    name = given.get(VARIABLE, "")
    known = [environment.value for environment in Environment]
    if not name or name in known:
        return []
    fix = f"Choose one of: {', '.join(known)}."
    return [Problem(code="environment-unknown", what=f"{VARIABLE} is {name!r}, which counts as production.", fix=fix)]
