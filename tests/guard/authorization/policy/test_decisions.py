"""What a policy answers, refuses at start-up, and tells the log."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.authorization.policy.conditions import ACTOR, ENVIRONMENT, OBJECT, Condition, has_role, related
from vallum.guard.authorization.policy.decisions import AccessDeniedError, Policy
from vallum.guard.authorization.policy.field_access import demand_fields, find_fields, read_fields, write_fields
from vallum.guard.authorization.policy.kinds import Kind
from vallum.guard.authorization.policy.matrix import render_matrix
from vallum.guard.authorization.policy.resources import Relation, Resource
from vallum.guard.authorization.policy.rules import Rule, allow, allow_fields, forbid, forbid_fields


@dataclass
class Paper:
    owner: Any = "ada"
    title: Any = "Plan"
    locked: Any = False
    due: Any = None
    readers: Any = ()


class Draft(Paper):
    pass


@dataclass
class User:
    id: Any = "ada"
    roles: Any = frozenset()


ACTORS = {"id": Kind.TEXT}
TEAM = Relation(key="owner", read=lambda paper: paper.readers)


def build(*rules: Rule, **settings: Any) -> Policy:
    paper = Resource(
        name="paper",
        model=Paper,
        actions={"read", "edit"},
        attributes={"owner": Kind.TEXT, "title": Kind.TEXT, "locked": Kind.BOOLEAN, "due": Kind.MOMENT},
        relations={"reader": TEAM},
        fields=("title", "owner"),
    )
    environment = {"now": Kind.MOMENT, "mfa": Kind.BOOLEAN}
    return Policy(**{"resources": [paper], "rules": rules, "actor": ACTORS, "environment": environment, **settings})


OWNER = allow({"read", "edit"}, "paper", name="owner", when=OBJECT.owner == ACTOR.id)
LOCKED = forbid("edit", "paper", name="locked", when=OBJECT.locked == True)  # noqa: E712 - a condition


def test_deny_is_the_default_and_forbid_wins() -> None:
    policy = build(OWNER, LOCKED)
    assert policy.check(User(), "edit", Paper())
    assert not policy.check(User("bob"), "read", Paper())
    assert not build().check(User(), "read", Paper())
    for locked in (True, None, "no", 0):
        assert not policy.check(User(), "edit", Paper(locked=locked))
        assert policy.check(User(), "read", Paper(locked=locked))


@pytest.mark.parametrize("wrong", [None, 1, b"ada", "a\0", "\ud800", object()])
def test_what_is_wrongly_typed_allows_nothing(wrong: Any) -> None:
    policy = build(OWNER)
    assert not policy.check(User(wrong), "read", Paper(owner=wrong))


def test_subclasses_are_protected_like_their_base_and_classes_without_an_object() -> None:
    policy = build(OWNER, allow("edit", "paper", roles={"editor"}))
    assert policy.check(User(), "read", Draft())
    assert policy.check(User(roles={"editor"}), "edit", Paper)
    assert not policy.check(User(), "edit", Paper)


def test_strangers_need_a_rule_of_their_own() -> None:
    public = {"when": OBJECT.title == "Plan"}
    assert not build(allow("read", "paper", **public)).check(None, "read", Paper())
    assert build(allow("read", "paper", strangers=True, **public)).check(None, "read", Paper())
    assert not build(allow("read", "paper", strangers=True), forbid("read", "paper")).check(None, "read", Paper())


def test_roles_that_cannot_be_read_grant_nothing_and_are_forbidden_what_roles_are() -> None:
    policy = build(OWNER, forbid("edit", "paper", roles={"intern"}), roles={"editor": {"paper:read"}})
    assert policy.check(User("bob", ["editor"]), "read", Paper())
    assert not policy.check(User("bob", "editor"), "read", Paper())
    assert not policy.check(User(roles=None), "edit", Paper())


def test_a_reader_that_fails_denies() -> None:
    def fail(_actor: Any) -> object:
        raise ConnectionError

    policy = build(OWNER, actor={"id": Kind.TEXT.read_by(fail)})
    assert not policy.check(User(), "read", Paper())
    assert "actor.id is missing" in policy.explain(User(), "read", Paper())


class Hostile:
    @property
    def roles(self) -> Any:
        raise ConnectionError


def test_an_exception_denies_and_the_log_learns_its_type() -> None:
    policy = build(allow("read", "paper"), forbid("read", "paper", when=has_role("intern")))
    assert not policy.check(Hostile(), "read", Paper())
    assert policy.decide(Hostile(), "read", Paper()).reason == "denied: ConnectionError while the policy was evaluated"
    assert not policy.decide(Hostile(), "read", Paper()).allowed


def test_relations_in_python() -> None:
    policy = build(allow("read", "paper", when=related("reader", ACTOR.id)))
    assert policy.check(User("bob"), "read", Paper(readers=["bob"]))
    for readers in ([], ["cat"], None, ["bob", None], 7):
        assert not policy.check(User("bob"), "read", Paper(readers=readers))


def test_moments_and_the_environment() -> None:
    policy = build(allow("read", "paper", when=OBJECT.due > ENVIRONMENT.now))
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    paper = Paper(due=datetime(2026, 1, 1, 12, 30, tzinfo=timezone(timedelta(hours=0))))
    assert policy.check(User(), "read", paper, {"now": noon})
    assert policy.check(User(), "read", Paper(due=datetime(2026, 1, 1, 13)), {"now": noon})  # noqa: DTZ001 - read as UTC
    assert not policy.check(User(), "read", paper)
    extreme = datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))
    assert not policy.check(User(), "read", Paper(due=extreme), {"now": noon})


def test_demand_tells_the_log_only() -> None:
    policy = build(OWNER, LOCKED)
    policy.demand(User(), "edit", Paper())
    with pytest.raises(AccessDeniedError) as refused:
        policy.demand(User(), "edit", Paper(locked=None))
    assert refused.value.refusal.status == 403
    assert "locked" not in str(refused.value)
    assert refused.value.cause == "denied by forbid 'locked': unknown (object.locked is None)"


def test_the_explanation_names_rules_and_never_values() -> None:
    text = build(OWNER, LOCKED).explain(User("bob"), "edit", Paper(owner="secret-owner"))
    assert text.splitlines() == [
        "denied: no rule allows edit of paper",
        "  forbid 'locked': false",
        "  allow 'owner': false",
    ]
    assert build(OWNER).decide(User(), "read", Paper()).reason == "allowed by allow 'owner': true"
    public = build(allow("read", "paper", name="all"))
    assert "not for strangers" in public.explain(None, "read", Paper())


def test_fields() -> None:
    mine = {"when": OBJECT.owner == ACTOR.id}
    policy = build(
        allow_fields("read", {"title", "owner"}, "paper"),
        forbid_fields("read", "owner", "paper", roles={"intern"}),
        allow_fields("write", "title", "paper", **mine),
    )
    paper = Paper()
    assert read_fields(policy, User("bob"), paper) == {"title": "Plan", "owner": "ada"}
    assert find_fields(policy, User("bob", {"intern"}), "read", paper) == {"title"}
    write_fields(policy, User(), paper, {"title": "New"})
    with pytest.raises(AccessDeniedError, match="may not") as refused:
        write_fields(policy, User(), paper, {"title": "Newer", "owner": "eve", "is_admin": True})
    assert paper == Paper(title="New")
    assert refused.value.cause == "may not write 'is_admin', 'owner'"
    with pytest.raises(AccessDeniedError):
        demand_fields(policy, User("bob"), "write", paper, ["title"])


def test_the_matrix_can_be_pinned() -> None:
    policy = build(OWNER, LOCKED, allow("read", "paper", roles={"clerk"}), roles={"editor": {"paper:edit"}})
    rows = {line.split()[0]: line.split()[1:] for line in render_matrix(policy).splitlines()[1:]}
    assert render_matrix(policy).splitlines()[0].split("  ")[-4:][-1] == "editor"
    assert rows["paper:read"] == ["deny", "conditional", "allow", "conditional"]
    assert rows["paper:edit"] == ["deny", "conditional", "conditional", "conditional"]
    assert rows["paper:read:title"] == ["deny"] * 4
    only = render_matrix(build(allow("read", "paper", when=~has_role("intern")), forbid("edit", "paper")))
    assert [line.split()[1:] for line in only.splitlines() if "paper:read " in line] == [["deny", "allow", "deny"]]


@pytest.mark.parametrize(
    "condition",
    [
        OBJECT.nothing == "a",
        ACTOR.nothing.is_none(),
        OBJECT.title < "b",
        OBJECT.title == 7,
        OBJECT.title == None,  # noqa: E711 - what is refused
        OBJECT.locked == 1,
        OBJECT.title == OBJECT.locked,
        OBJECT.title.in_({1}),
        OBJECT.title.in_(ACTOR.id),
        related("nothing", ACTOR.id),
        related("reader", OBJECT.title),
        related("reader", 7),
        related("reader", ENVIRONMENT.mfa),
        Condition(),
    ],
)
def test_what_makes_no_sense_is_refused_at_start(condition: Any) -> None:
    with pytest.raises(ConfigError):
        build(allow("read", "paper", when=condition))


@pytest.mark.parametrize(
    "write",
    [
        lambda: OBJECT.a == 1 and OBJECT.b == 2,
        lambda: 1 < OBJECT.a < 3,
        lambda: OBJECT.a.in_("abc"),
        lambda: allow("read", "paper", roles="editor"),
        lambda: allow("read", "paper", when=True),  # type: ignore[arg-type] # what is refused
        lambda: allow((), "paper"),
        lambda: allow_fields("erase", "title", "paper"),  # type: ignore[arg-type] # what is refused
        lambda: build(allow("fly", "paper")),
        lambda: build(allow("read", "plane")),
        lambda: build(allow_fields("read", "locked", "paper")),
        lambda: build(roles={"editor": "paper:read"}),
        lambda: build(roles={"editor": {"read"}}),
        lambda: build().check(User(), "fly", Paper()),
        lambda: build().check(User(), "read", object()),
        lambda: Relation(key="owner"),
        lambda: Resource(name="p", model=Paper, actions="read", attributes={}),
        lambda: Resource(name="p:q", model=Paper, actions={"read"}, attributes={}),
        lambda: Resource(name="p", model=Paper, actions={"read"}, attributes={"tags": Kind.TEXTS}),
        lambda: Resource(name="p", model=Paper, actions={"read"}, attributes={}, relations={"r": TEAM}),
        lambda: Policy(resources=[Resource(name="p", model=Paper, actions={"read"}, attributes={})] * 2),
        lambda: Policy(
            resources=[Resource(name=name, model=Paper, actions={"read"}, attributes={}) for name in ("p", "q")]
        ),
    ],
)
def test_mistakes_are_refused_with_a_code(write: Any) -> None:
    with pytest.raises(ConfigError) as refused:
        write()
    assert refused.value.code.startswith("policy-")


def test_fields_by_any_name() -> None:
    assert repr(OBJECT["in_"]) == "object.in_"
    assert hash(OBJECT.a) == hash(OBJECT["a"])
    with pytest.raises(AttributeError):
        OBJECT._private  # noqa: B018 - reading it is what is refused
