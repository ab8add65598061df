"""check and filter are one: random policies, random rows, random actors, on SQLite and PostgreSQL."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, delete, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from vallum.guard.authorization.policy.conditions import ACTOR, ENVIRONMENT, OBJECT, Condition, has_role, related
from vallum.guard.authorization.policy.decisions import Policy
from vallum.guard.authorization.policy.kinds import Kind
from vallum.guard.authorization.policy.resources import Link, Relation, Resource
from vallum.guard.authorization.policy.rules import Rule, allow, forbid


class Base(DeclarativeBase):
    pass


class Team(Base):
    __tablename__ = "policy_team"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None]


class Member(Base):
    __tablename__ = "policy_member"
    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int | None]
    person: Mapped[str | None]


class Note(Base):
    __tablename__ = "policy_note"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str | None]
    status: Mapped[str | None]
    level: Mapped[int | None]
    limit: Mapped[int | None]
    open: Mapped[bool | None]
    team_id: Mapped[int | None] = mapped_column(index=True)


@dataclass
class Person:
    roles: Any
    name: Any
    clearance: Any
    cleared: Any
    teams: Any


ARROWS = Link(source=Team.id, target=Team.parent_id)
PEOPLE = Link(source=Member.team_id, target=Member.person)
NOTE = Resource(
    name="note",
    model=Note,
    actions={"read"},
    attributes={
        "id": Kind.INTEGER,
        "owner": Kind.TEXT,
        "status": Kind.TEXT,
        "level": Kind.INTEGER,
        "limit": Kind.INTEGER,
        "open": Kind.BOOLEAN,
        "team_id": Kind.INTEGER,
    },
    relations={
        "member": Relation(key="team_id", links=PEOPLE),
        "above": Relation(key="team_id", kind=Kind.INTEGER, climbs=ARROWS),
        "member_above": Relation(key="team_id", climbs=ARROWS, links=PEOPLE),
    },
)
NAMES = st.sampled_from(["ada", "bob", "é", "Ada"])
NUMBERS = st.integers(0, 3)
TEXTS, INTEGERS = st.sampled_from(["owner", "status"]), st.sampled_from(["level", "limit", "team_id"])


def draw_leaf(draw: st.DrawFn) -> Condition:
    text, number = OBJECT[draw(TEXTS)], OBJECT[draw(INTEGERS)]
    choice = draw(st.integers(0, 15))
    other = draw(st.sampled_from([ACTOR.clearance, ENVIRONMENT.level, OBJECT.limit, 0, 1, 2]))
    leaves = [
        lambda: text == draw(st.sampled_from([ACTOR.name, OBJECT.owner, "ada"])),
        lambda: text != draw(st.sampled_from([ACTOR.name, OBJECT.status, "Ada"])),
        lambda: number < other,
        lambda: number >= other,
        lambda: ACTOR.clearance > number,
        lambda: ACTOR.clearance <= number,
        lambda: number != other,
        lambda: OBJECT.open == draw(st.sampled_from([True, False, ACTOR.cleared])),
        lambda: text.in_(draw(st.frozensets(NAMES, max_size=2))),
        lambda: OBJECT.team_id.in_(ACTOR.teams),
        lambda: ACTOR.teams.contains(draw(NUMBERS)),
        lambda: text.is_none() | ACTOR.name.is_none(),
        lambda: has_role("editor"),
        lambda: related("member", ACTOR.name),
        lambda: related("above", draw(st.sampled_from([ACTOR.teams, ACTOR.clearance, 1]))),
        lambda: related("member_above", draw(st.sampled_from([ACTOR.name, "bob"]))),
    ]
    return leaves[choice]()


@st.composite
def conditions(draw: st.DrawFn, depth: int = 3) -> Condition:
    shape = draw(st.sampled_from(["leaf", "and", "or", "not"])) if depth else "leaf"
    if shape == "leaf":
        return draw_leaf(draw)
    first = draw(conditions(depth - 1))
    if shape == "not":
        return ~first
    second = draw(conditions(depth - 1))
    return first & second if shape == "and" else first | second


@st.composite
def rules(draw: st.DrawFn) -> list[Rule]:
    found = [allow("read", "note", when=draw(conditions()), strangers=draw(st.booleans()))]
    for _ in range(draw(st.integers(0, 2))):
        build = draw(st.sampled_from([allow, forbid]))
        found.append(build("read", "note", when=draw(conditions()), roles=draw(st.sampled_from([(), ("editor",)]))))
    return found


def or_none(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def or_wrong(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return strategy | strategy | st.sampled_from([None, "3", 7.5, 2**64, b"ada", "a\0", "\ud800", True, object()])


ACTORS = st.none() | st.builds(
    Person,
    roles=st.sampled_from([frozenset(), frozenset({"editor"}), None, "editor"]),
    name=or_wrong(NAMES),
    clearance=or_wrong(NUMBERS),
    cleared=or_wrong(st.booleans()),
    teams=or_wrong(st.frozensets(NUMBERS)) | st.just([1, None]),
)
ROWS = st.tuples(
    or_none(NAMES), or_none(NAMES), or_none(NUMBERS), or_none(NUMBERS), or_none(st.booleans()), or_none(NUMBERS)
)
WORLDS = st.tuples(
    st.lists(ROWS, min_size=1, max_size=8),
    st.dictionaries(NUMBERS, or_none(NUMBERS)),  # teams with their parents: circles included
    st.lists(st.tuples(or_none(NUMBERS), or_none(NAMES)), max_size=4),
)
ENVIRONMENTS = st.just({}) | st.builds(lambda level: {"level": level}, or_wrong(NUMBERS))


def fill(session: Session, world: Any) -> None:
    notes, teams, members = world
    for table in (Note, Member, Team):
        session.execute(delete(table))
    names = ("owner", "status", "level", "limit", "open", "team_id")
    session.add_all(Note(id=number, **dict(zip(names, row, strict=True))) for number, row in enumerate(notes))
    session.add_all(Team(id=key, parent_id=parent) for key, parent in teams.items())
    session.add_all(Member(id=at, team_id=team, person=person) for at, (team, person) in enumerate(members))
    session.flush()


def agree(engine: Engine, written: list[Rule], world: Any, actor: Any, environment: Any) -> None:
    policy = Policy(
        resources=[NOTE],
        rules=written,
        actor={"name": Kind.TEXT, "clearance": Kind.INTEGER, "cleared": Kind.BOOLEAN, "teams": Kind.INTEGERS},
        environment={"level": Kind.INTEGER},
    )
    with Session(engine) as session:
        fill(session, world)
        checked = [
            note.id
            for note in session.scalars(select(Note).order_by(Note.id))
            if policy.check(actor, "read", note, environment)
        ]
        decided = [
            note.id
            for note in session.scalars(select(Note).order_by(Note.id))
            if policy.decide(actor, "read", note, environment).allowed
        ]
        statement = policy.filter(select(Note.id).order_by(Note.id), actor, "read", environment)
        assert list(session.scalars(statement)) == checked == decided
        pages = [list(session.scalars(statement.offset(at).limit(2))) for at in range(0, len(checked) + 1, 2)]
        assert [number for page in pages for number in page] == checked
        session.execute(delete(Note).where(policy.where(actor, "read", Note, environment)))
        left = set(session.scalars(select(Note.id)))
        assert left == set(range(len(world[0]))) - set(checked)
        session.rollback()


@pytest.fixture(scope="module")
def sqlite() -> Iterator[Engine]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@given(written=rules(), world=WORLDS, actor=ACTORS, environment=ENVIRONMENTS)
@settings(max_examples=150)
def test_check_and_filter_agree(sqlite: Engine, written: Any, world: Any, actor: Any, environment: Any) -> None:
    agree(sqlite, written, world, actor, environment)


@pytest.fixture(scope="module")
def database(postgres: Any) -> Iterator[Engine]:
    engine = create_engine(postgres.create().replace("postgresql://", "postgresql+psycopg://"))
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@given(written=rules(), world=WORLDS, actor=ACTORS, environment=ENVIRONMENTS)
@settings(max_examples=40)
def test_they_agree_on_postgres(database: Engine, written: Any, world: Any, actor: Any, environment: Any) -> None:
    agree(database, written, world, actor, environment)


LEAVES = [
    OBJECT.owner == ACTOR.name,
    OBJECT.owner != "ada",
    OBJECT.owner == OBJECT.status,
    OBJECT.level < OBJECT.limit,
    OBJECT.level <= 1,
    OBJECT.level > ENVIRONMENT.level,
    OBJECT.level >= ACTOR.clearance,
    ACTOR.clearance < OBJECT.level,
    ACTOR.clearance <= OBJECT.level,
    ACTOR.clearance > OBJECT.level,
    ACTOR.clearance >= OBJECT.level,
    ACTOR.clearance == OBJECT.level,
    OBJECT.open == True,  # noqa: E712 - a condition, not a comparison
    OBJECT.open != ACTOR.cleared,
    OBJECT.owner.in_({"ada", "é"}),
    OBJECT.owner.in_(()),
    OBJECT.team_id.in_(ACTOR.teams),
    ACTOR.teams.contains(OBJECT.level),
    ACTOR.teams.contains(1),
    OBJECT.owner.is_none(),
    ACTOR.name.is_none(),
    related("member", ACTOR.name),
    related("member", "nobody"),
    related("above", ACTOR.teams),
    related("above", 2),
    related("member_above", ACTOR.name),
    related("member_above", "cat"),
    has_role("editor"),
]
DENSE = (
    [
        (owner, status, level, limit, opened, team)
        for owner, status in [("ada", "ada"), ("Ada", "ada"), (None, None)]
        for level, limit in [(0, 1), (1, 1), (2, None)]
        for opened, team in [(True, 0), (None, None), (False, 3), (True, 9)]
    ],
    {0: 1, 1: 2, 2: 0, 3: None},
    [(1, "ada"), (None, "ada"), (2, None), (3, "bob")],
)
SOMEBODIES = [
    Person(frozenset({"editor"}), "ada", 1, True, frozenset({0, 2})),
    Person(frozenset(), "bob", 2, False, frozenset()),
    Person(frozenset({"editor"}), None, None, None, None),
    Person("editor", b"ada", "1", 1, [1, None]),
]


@pytest.mark.parametrize("leaf", LEAVES, ids=range(len(LEAVES)))
def test_every_kind_of_condition_agrees(sqlite: Engine, leaf: Condition) -> None:
    for condition in (leaf, ~leaf):
        for actor in SOMEBODIES:
            agree(sqlite, [allow("read", "note", when=condition)], DENSE, actor, {"level": 1})
            both = [allow("read", "note"), forbid("read", "note", when=condition)]
            agree(sqlite, both, DENSE, actor, {"level": 1})
