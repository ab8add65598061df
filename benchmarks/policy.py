"""What one answer of the policy costs, beside casbin where it is installed, and what its filter costs beside a hand.

usage: python benchmarks/policy.py [ROWS]

The same rules for both: writers may read all notes, owners may read and edit theirs. Ours and casbin's take turns in
short blocks, so that a busy machine slows both alike: trust the ratios of one run. Then a table of ROWS notes
(1,000,000) in SQLite in memory: a page of 50, a count and all rows of one owner, by the policy and by hand.
"""

import importlib
import importlib.util
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, create_engine, func, insert, or_, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from vallum.guard.authorization.policy.conditions import ACTOR, OBJECT
from vallum.guard.authorization.policy.decisions import Policy
from vallum.guard.authorization.policy.kinds import Kind
from vallum.guard.authorization.policy.resources import Resource
from vallum.guard.authorization.policy.rules import allow, forbid

ROUNDS = 9
MODEL = """
[request_definition]
r = sub, obj, act
[policy_definition]
p = role, act
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.act == p.act && (g(r.sub.id, p.role) || (p.role == "owner" && r.sub.id == r.obj.owner))
"""
Decide = Callable[["Person", str, Any], bool]
Build = Callable[[], Select[Any]]


class Base(DeclarativeBase):
    """The tables of this benchmark."""


class Note(Base):
    """What is protected."""

    __tablename__ = "note"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(index=True)
    public: Mapped[bool]
    locked: Mapped[bool]


@dataclass(frozen=True)
class Person:
    """Who asks."""

    id: str
    roles: frozenset[str]


@dataclass
class Draft:
    """A note without a database, which both libraries read alike."""

    owner: str


def main(rows: int) -> None:
    """Time and print all."""
    compare_checks()
    compare_filters(rows)


def compare_checks() -> None:
    """One decision, ours and casbin's."""
    policy = Policy(
        actor={"id": Kind.TEXT},
        resources=[Resource(name="note", model=Draft, actions={"read", "edit"}, attributes={"owner": Kind.TEXT})],
        roles={"writer": {"note:read"}},
        rules=[allow({"read", "edit"}, "note", when=OBJECT.owner == ACTOR.id)],
    )
    contenders: dict[str, Decide] = {"vallum": policy.check}
    if importlib.util.find_spec("casbin") is None:
        print("casbin is not installed, so it is not compared (pip install casbin)")
    else:
        contenders["casbin"] = build_casbin()
    questions = list(ask())
    answers = {name: [decide(*question) for question in questions] for name, decide in contenders.items()}
    if len({tuple(found) for found in answers.values()}) != 1:
        raise SystemExit(f"the contenders disagree: {answers}")
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(ROUNDS):
        for name, decide in contenders.items():
            times[name].append(time_checks(decide, questions, 2000 if name == "vallum" else 100))
    for name, taken in times.items():
        print(f"{'one check, ' + name:<40}{statistics.median(taken):>10.2f} us")
    if "casbin" in times:
        ratio = statistics.median(times["casbin"]) / statistics.median(times["vallum"])
        print(f"{'casbin / vallum':<40}{ratio:>10.1f} times")


def ask() -> Iterator[tuple[Person, str, Draft]]:
    """Allowed by role, allowed by ownership, refused."""
    writer, ada, bob = Person("eve", frozenset({"writer"})), Person("ada", frozenset()), Person("bob", frozenset())
    for action in ("read", "edit"):
        for person in (writer, ada, bob):
            yield person, action, Draft("ada")


def build_casbin() -> Decide:
    """The same rules for casbin, without a file and without its log."""
    casbin = importlib.import_module("casbin")
    model = casbin.Enforcer.new_model(text=MODEL)
    enforcer = casbin.Enforcer(model)
    enforcer.add_policy("writer", "read")
    enforcer.add_policy("owner", "read")
    enforcer.add_policy("owner", "edit")
    enforcer.add_grouping_policy("eve", "writer")
    return lambda person, action, draft: bool(enforcer.enforce(person, draft, action))


def time_checks(decide: Decide, questions: list[tuple[Person, str, Draft]], times: int) -> float:
    """Microseconds for one decision."""
    start = time.perf_counter()
    for _ in range(times):
        for person, action, draft in questions:
            decide(person, action, draft)
    return (time.perf_counter() - start) / times / len(questions) * 1e6


def compare_filters(rows: int) -> None:
    """The same rows by the policy and by hand."""
    policy = Policy(
        actor={"id": Kind.TEXT},
        resources=[
            Resource(
                name="note",
                model=Note,
                actions={"read", "edit"},
                attributes={"owner": Kind.TEXT, "public": Kind.BOOLEAN, "locked": Kind.BOOLEAN},
            )
        ],
        rules=[
            allow({"read", "edit"}, "note", when=OBJECT.owner == ACTOR.id),
            allow("read", "note", when=OBJECT.public == True),  # noqa: E712 - a condition, not a comparison
            forbid("edit", "note", when=OBJECT.locked == True),  # noqa: E712 - the same
        ],
    )
    person = Person("user7", frozenset())

    def readable() -> ColumnElement[bool]:
        return or_(Note.owner == person.id, Note.public)

    def editable() -> ColumnElement[bool]:
        return (Note.owner == person.id) & ~Note.locked

    count = select(func.count()).select_from(Note)
    page = select(Note.id).order_by(Note.id).limit(50).offset(1000)
    pairs: dict[str, tuple[Build, Build]] = {
        "count what she may read": (lambda: count.where(readable()), lambda: policy.filter(count, person, "read")),
        "a page of what she may read": (lambda: page.where(readable()), lambda: policy.filter(page, person, "read")),
        "all that she may edit": (
            lambda: select(Note.id).where(editable()),
            lambda: policy.filter(select(Note.id), person, "edit"),
        ),
    }
    with Session(create_engine("sqlite://")) as session:
        fill(session, rows)
        for name, (by_hand, by_policy) in pairs.items():
            report_pair(session, f"{name}, {rows:,} rows", by_hand, by_policy)


def fill(session: Session, rows: int) -> None:
    """Make the notes: a thousand owners, a tenth public, a third locked."""
    Base.metadata.create_all(session.connection())
    for start in range(0, rows, 50_000):
        numbers = range(start, min(start + 50_000, rows))
        notes = [
            {"id": at, "owner": f"user{at % 1000}", "public": at % 10 == 0, "locked": at % 3 == 0} for at in numbers
        ]
        session.execute(insert(Note), notes)


def report_pair(session: Session, name: str, by_hand: Build, by_policy: Build) -> None:
    """Time both, the building of the statements included, after making sure that they find the same."""
    if session.execute(by_hand()).all() != session.execute(by_policy()).all():
        raise SystemExit(f"{name}: the rows differ")
    hand: list[float] = []
    ours: list[float] = []
    for _ in range(ROUNDS):
        hand.append(time_query(session, by_hand))
        ours.append(time_query(session, by_policy))
    ratio = statistics.median(ours) / statistics.median(hand)
    print(f"{name:<44}{statistics.median(hand):>9.2f} ms by hand{statistics.median(ours):>9.2f} ms, {ratio:.2f} times")


def time_query(session: Session, build: Build) -> float:
    """Milliseconds for building the statement and reading all of it."""
    start = time.perf_counter()
    session.execute(build()).all()
    return (time.perf_counter() - start) * 1e3


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
