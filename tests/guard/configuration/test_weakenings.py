"""Safe when left out, called unsafe when weakened, listed, and refused in production without a reason."""

import importlib
import pkgutil
from dataclasses import MISSING, fields, is_dataclass

import pytest

import vallum.guard
from vallum.base.errors import ConfigError
from vallum.guard.configuration.startup import find_problems
from vallum.guard.configuration.weakenings import list_weakenings
from vallum.guard.entry import Guard
from vallum.guard.logging.events import Event
from vallum.guard.output.csp import ContentSecurityPolicy
from vallum.guard.policy import GuardPolicy
from vallum.guard.sessions.life import SessionPolicy

LONG = SessionPolicy(absolute_seconds=604_800, unsafe_longer_life=True)


def policies() -> list[type]:
    names = [module.name for module in pkgutil.walk_packages(vallum.guard.__path__, "vallum.guard.")]
    modules = [importlib.import_module(name) for name in names if ".frameworks." not in name]
    # By the type: some values, such as settings of Django, load when they are asked for their class.
    kinds = {kind for module in modules for kind in vars(module).values() if issubclass(type(kind), type)}
    return sorted((kind for kind in kinds if is_dataclass(kind)), key=lambda kind: kind.__qualname__)


def test_every_unsafe_field_is_off_when_left_out() -> None:
    unsafe = [(kind, field) for kind in policies() for field in fields(kind) if field.name.startswith("unsafe_")]
    assert len(unsafe) >= 3
    for kind, field in unsafe:
        assert field.default is MISSING or not field.default, f"{kind.__name__}.{field.name}"


def test_the_default_policy_weakens_nothing() -> None:
    assert list(list_weakenings(GuardPolicy())) == []
    assert list(list_weakenings(GuardPolicy)) == []
    assert list(list_weakenings("text")) == []


def test_weakenings_are_listed_by_their_dotted_names() -> None:
    policy = GuardPolicy(session=LONG, csp=ContentSecurityPolicy(unsafe_inline_styles=True))
    assert list(list_weakenings(policy)) == ["csp.unsafe_inline_styles", "session.unsafe_longer_life"]


@pytest.mark.parametrize("reason", [None, "", "  "])
def test_production_refuses_one_without_a_reason(reason: str | None) -> None:
    recorded = {} if reason is None else {"session.unsafe_longer_life": reason}
    found = find_problems(GuardPolicy(session=LONG, accepted_risks=recorded), debug=False)
    assert [problem.what for problem in found if problem.code == "unsafe-unrecorded"] == [
        "session.unsafe_longer_life is set, and nobody has said why."
    ]


def test_a_recorded_reason_is_accepted() -> None:
    recorded = {"session.unsafe_longer_life": "A kiosk of the museum, in a locked case."}
    found = find_problems(GuardPolicy(session=LONG, accepted_risks=recorded), debug=False)
    assert "unsafe-unrecorded" not in [problem.code for problem in found]


def test_a_weakening_needs_its_name() -> None:
    with pytest.raises(ConfigError, match="unsafe_longer_life"):
        SessionPolicy(absolute_seconds=604_800)


def test_a_guard_announces_its_weakenings_with_the_reason() -> None:
    heard: list[Event] = []
    recorded = {"session.unsafe_longer_life": "a kiosk"}
    Guard(object(), policy=GuardPolicy(session=LONG, accepted_risks=recorded, sink=heard.append))
    assert [(event.name, dict(event.detail)) for event in heard] == [
        ("configuration-weakened", {"setting": "session.unsafe_longer_life", "reason": "a kiosk"})
    ]
