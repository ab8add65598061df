"""Which statements can be filtered, and that none slips through unfiltered."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import CHAR, String, create_engine, func, select, union
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, aliased, mapped_column
from sqlalchemy.types import TypeDecorator

from vallum.base.errors import ConfigError
from vallum.guard.actor import recognise_actor
from vallum.guard.authorization.policy.conditions import ACTOR, ENVIRONMENT, OBJECT, related
from vallum.guard.authorization.policy.decisions import Policy
from vallum.guard.authorization.policy.kinds import Kind
from vallum.guard.authorization.policy.loading import load_later, load_or_404
from vallum.guard.authorization.policy.resources import Link, Relation, Resource
from vallum.guard.authorization.policy.rules import allow
from vallum.guard.errors.public import NotFoundError


class Base(DeclarativeBase):
    pass


class Sealed(TypeDecorator[str]):
    impl = String
    cache_ok = True


class Note(Base):
    __tablename__ = "note"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str]
    due: Mapped[datetime | None]
    sealed: Mapped[str | None] = mapped_column(Sealed)
    padded: Mapped[str | None] = mapped_column(CHAR(4))
    blind: Mapped[str | None] = mapped_column(String(collation="NOCASE"))


class Tag(Base):
    __tablename__ = "tag"
    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int]


class Other(Base):
    __tablename__ = "other"
    id: Mapped[int] = mapped_column(primary_key=True)


def note(**attributes: Kind) -> Resource:
    reader = Relation(key="owner", links=Link(source=Note.owner, target=Note.owner))
    declared = {"owner": Kind.TEXT, "due": Kind.MOMENT, **attributes}
    python_only = Relation(key="owner", read=lambda item: [item.owner])
    relations = {"reader": reader, "here": python_only}
    return Resource(name="note", model=Note, actions={"read", "ask", "wait"}, attributes=declared, relations=relations)


TAG = Resource(name="tag", model=Tag, actions={"read"}, attributes={"note_id": Kind.INTEGER})
POLICY = Policy(
    actor={"id": Kind.TEXT},
    environment={"now": Kind.MOMENT},
    resources=[note(), TAG],
    rules=[
        allow("read", "note", when=OBJECT.owner == ACTOR.id),
        allow("ask", "note", when=related("here", ACTOR.id)),
        allow("wait", "note", when=OBJECT.due > ENVIRONMENT.now),
    ],
)
ADA = recognise_actor("ada", frozenset(), frozenset())


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as opened:
        opened.add_all(Note(id=at, owner="ada" if at % 2 else "bob") for at in range(1, 7))
        opened.add_all(Tag(id=at, note_id=at % 6 + 1) for at in range(12))
        opened.flush()
        yield opened
    engine.dispose()


def test_statements_that_can_be_filtered(session: Session) -> None:
    later = aliased(Note)
    for statement, of in [
        (select(Note.id), None),
        (select(Note.id), Note),
        (select(later.id), None),
        (select(later.id), later),
        (select(Note.id).join(Other, Other.id == Note.id, isouter=True), None),
        (select(Note.id).join(Tag, Tag.note_id == Note.id).distinct(), Note),
        (select(Note.id).join(later, later.id == Note.id), Note),
        (select(Note.__table__.c.id), None),
        (select(Note.__table__.alias().c.id), None),
        (select(Note.id).where(Note.id > 0, Note.owner != ""), None),
        (select(Note.id).where(Note.id.in_(select(Other.id + 0).union(select(Note.id)))), None),
        (select(Note.id).where(Note.id == Tag.note_id).distinct(), Note),
        (select(Note.id).filter_by(owner="ada").order_by(Note.id).limit(3), None),
    ]:
        found = session.scalars(POLICY.filter(statement, ADA, "read", of=of)).all()
        assert sorted(found) == [1, 3, 5], statement
    assert session.scalar(POLICY.filter(select(func.count()).select_from(Note), ADA, "read")) == 3


@pytest.mark.parametrize(
    ("statement", "of"),
    [
        (select(Other.id), None),
        (select(Note.id).join(Tag, Tag.note_id == Note.id), None),
        (select(aliased(Note).id), Note),
        (select(select(Note.id).subquery().c.id), None),
        (union(select(Note.id), select(Note.id)), None),
        (select(Note.id), "note"),
        (select(Note.id), Other),
        (select(aliased(Note).id, aliased(Note).id), None),
        (select(Note.id).where(Note.id == Tag.note_id), None),
        (select(Note.id).where(Note.id == aliased(Note).id), None),
        (select(Note.id).where(Other.id == Tag.id), None),
        (select(Note.id, Tag.id), None),
    ],
)
def test_statements_that_are_refused(statement: Any, of: Any) -> None:
    with pytest.raises(ConfigError) as refused:
        POLICY.filter(statement, ADA, "read", of=of)
    assert refused.value.code == "policy-statement"


def test_moments_in_sql(session: Session) -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    session.add(Note(id=9, owner="eve", due=datetime(2026, 1, 1, 13)))  # noqa: DTZ001 - a column without zone
    session.add(Note(id=10, owner="eve", due=datetime(2026, 1, 1, 11)))  # noqa: DTZ001 - the same
    assert session.scalars(POLICY.filter(select(Note.id), ADA, "wait", {"now": noon})).all() == [9]
    assert session.scalars(POLICY.filter(select(Note.id), ADA, "wait")).all() == []


def test_not_there_and_not_yours_are_one_answer(session: Session) -> None:
    assert load_or_404(session, POLICY, ADA, "read", select(Note).where(Note.id == 1)).owner == "ada"
    causes = set()
    for key in (2, 99):
        with pytest.raises(NotFoundError) as refused:
            load_or_404(session, POLICY, ADA, "read", select(Note).where(Note.id == key))
        causes.add((str(refused.value), refused.value.cause))
    assert len(causes) == 1


def test_later(session: Session) -> None:
    class Later:
        async def scalars(self, statement: Any) -> Any:
            return session.scalars(statement)

    later: Any = Later()
    assert asyncio.run(load_later(later, POLICY, ADA, "read", select(Note).where(Note.id == 1))).id == 1
    with pytest.raises(NotFoundError):
        asyncio.run(load_later(later, POLICY, ADA, "read", select(Note).where(Note.id == 2)))


def test_a_relation_that_only_python_knows_cannot_filter(session: Session) -> None:
    assert POLICY.check(ADA, "ask", session.get(Note, 1))
    with pytest.raises(ConfigError):
        POLICY.filter(select(Note.id), ADA, "ask")


def test_without_a_session_a_relation_is_unknown() -> None:
    policy = Policy(
        actor={"id": Kind.TEXT}, resources=[note()], rules=[allow("read", "note", when=related("reader", ACTOR.id))]
    )
    assert not policy.check(ADA, "read", Note(id=1, owner="ada"))


@pytest.mark.parametrize(
    "attributes",
    [
        {"nothing": Kind.TEXT},
        {"sealed": Kind.TEXT},
        {"padded": Kind.TEXT},
        {"blind": Kind.TEXT},
        {"id": Kind.TEXT},
    ],
)
def test_columns_that_compare_otherwise_are_refused(attributes: dict[str, Kind]) -> None:
    with pytest.raises(ConfigError) as refused:
        Policy(resources=[note(**attributes)]).filters  # noqa: B018 - asking for it checks the columns
    assert refused.value.code == "policy-column"


def test_models_that_sqlalchemy_does_not_map_have_no_where() -> None:
    policy = Policy(resources=[Resource(name="thing", model=dict, actions={"read"}, attributes={})])
    with pytest.raises(ConfigError):
        policy.where(ADA, "read", dict)
    twice = [
        Resource(name=at, model=model, actions={"read"}, attributes={"n": Kind.INTEGER}, columns={"n": Tag.id})
        for at, model in (("a", list), ("b", dict))
    ]
    with pytest.raises(ConfigError):
        Policy(resources=twice).filters  # noqa: B018 - asking for it checks the tables
