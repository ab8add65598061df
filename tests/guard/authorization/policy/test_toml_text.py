"""The policy as TOML: the same answers as in Python, and one line for every mistake."""

from dataclasses import dataclass
from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.authorization.policy.field_access import find_fields
from vallum.guard.authorization.policy.resources import Relation
from vallum.guard.authorization.policy.toml_text import read_policy

HEAD = """
[actor]
id = "text"
level = "integer"
teams = "texts"
[environment]
mfa = "boolean"
[resources.note]
actions = ["read", "edit"]
attributes = { owner = "text", level = "integer", team = "text" }
fields = ["owner"]
[roles]
editor = ["note:edit"]
"""


@dataclass
class Note:
    owner: Any = "ada"
    level: Any = 2
    team: Any = "red"


@dataclass
class User:
    id: Any = "ada"
    level: Any = 2
    teams: Any = ("red",)
    roles: Any = frozenset()


def read(when: str, head: str = HEAD) -> Any:
    rule = f'[[rules]]\neffect = "allow"\nresource = "note"\nactions = ["read"]\nwhen = {when}\n'
    relations = {"note": {"reader": Relation(key="owner", read=lambda note: ["bob", note.owner])}}
    return read_policy(head + rule, {"note": Note}, relations=relations)


@pytest.mark.parametrize(
    ("when", "allowed"),
    [
        ('{ attribute = "object.owner", equals = { attribute = "actor.id" } }', True),
        ('{ attribute = "object.owner", differs = "ada" }', False),
        ('{ attribute = "object.level", above = 1 }', True),
        ('{ attribute = "object.level", below = 2 }', False),
        ('{ attribute = "object.level", at_most = { attribute = "actor.level" } }', True),
        ('{ attribute = "object.level", at_least = 3 }', False),
        ('{ attribute = "object.owner", in = ["ada", "bob"] }', True),
        ('{ attribute = "object.team", in = { attribute = "actor.teams" } }', True),
        ('{ attribute = "object.team", is_none = true }', False),
        ('{ attribute = "object.team", is_none = false }', True),
        ('{ relation = "reader", reaches = { attribute = "actor.id" } }', True),
        ('{ relation = "reader", reaches = "eve" }', False),
        ('{ has_role = ["editor"] }', False),
        ('{ not = { has_role = ["editor"] } }', True),
        ('{ attribute = "environment.mfa", equals = true }', False),
        ('{ all = [{ has_role = ["editor"] }, { attribute = "object.level", above = 1 }] }', False),
        ('{ any = [{ has_role = ["editor"] }, { attribute = "object.level", above = 1 }] }', True),
    ],
)
def test_conditions(when: str, allowed: bool) -> None:
    assert read(when).check(User(), "read", Note()) is allowed


@pytest.mark.parametrize(
    "when",
    [
        "{}",
        "{ all = [] }",
        "true",
        '{ attribute = "object.owner" }',
        '{ attribute = "owner", equals = "a" }',
        '{ attribute = "__import__.os", equals = "a" }',
        '{ attribute = "object.owner", equals = "a", differs = "b" }',
        '{ attribute = "object.owner", like = "a%" }',
        '{ attribute = "object.owner", equals = 1.5 }',
        '{ attribute = "object.owner", in = "ada" }',
        '{ attribute = "object.owner", is_none = "yes" }',
        '{ attribute = "object.owner", equals = { attribute = "actor.id", or = 1 } }',
        '{ attribute = "object.nothing", equals = "a" }',
        '{ has_role = "editor" }',
        '{ not = { has_role = ["editor"] }, any = [] }',
    ],
)
def test_unclear_conditions_are_refused(when: str) -> None:
    with pytest.raises(ConfigError):
        read(when)


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "surprise = 1",
        HEAD.replace('"integer"', '"number"'),
        HEAD.replace("actions", "acts"),
        HEAD.replace('["note:edit"]', '"note:edit"'),
        HEAD.replace("resources.note", "resources.memo"),
        "rules = 1",
        "actor = 1",
        HEAD + "[[rules]]\n",
        HEAD + "[[rules]]\nwhat = 1",
        HEAD + '[[rules]]\nresource = "note"\nactions = ["read"]',
        HEAD + '[[rules]]\nresource = "note"\neffect = "forbid"\nactions = ["read"]\nstrangers = true',
        HEAD + '[[rules]]\nresource = "note"\neffect = "allow"\nactions = ["read"]\nread_fields = ["owner"]',
        HEAD.partition("[roles]")[0] + "[roles]\neditor = [1]",
        HEAD.replace("[actor]", "rules = [1]\n[actor]"),
    ],
)
def test_unclear_policies_are_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        read_policy(text, {"note": Note})


def test_fields_strangers_readers_and_forbid() -> None:
    text = (
        HEAD
        + """
[[rules]]
effect = "allow"
resource = "note"
actions = ["read"]
strangers = true
[[rules]]
effect = "forbid"
resource = "note"
actions = ["edit"]
when = { attribute = "actor.level", below = 3 }
[[rules]]
effect = "allow"
resource = "note"
read_fields = ["owner"]
[[rules]]
effect = "forbid"
resource = "note"
read_fields = ["owner"]
roles = ["intern"]
"""
    )
    policy = read_policy(text, {"note": Note}, readers={"level": lambda user: user.level + 1})
    assert policy.check(None, "read", Note())
    assert policy.check(User(roles={"editor"}), "edit", Note())
    assert not policy.check(User(roles={"editor"}, level=1), "edit", Note())
    assert find_fields(policy, User(), "read", Note()) == {"owner"}
    assert find_fields(policy, User(roles={"intern"}), "read", Note()) == frozenset()
    with pytest.raises(ConfigError):
        read_policy(text, {"note": Note}, readers={"age": lambda user: 1})
