"""Declarations, the table of paths, the role table."""

import functools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError, VallumError
from vallum.guard.actor import Actor, recognise_actor
from vallum.guard.authorization.access import (
    ASSETS,
    NOTHING_DECLARED,
    PUBLIC,
    SIGNED_IN,
    accepts_body,
    declaration_of,
    permission,
    public,
    requires,
    signed_in,
)
from vallum.guard.authorization.paths import PathTable
from vallum.guard.authorization.roles import RoleTable


def handler() -> Any:
    def view() -> None: ...

    return view


def test_declarations_add_up() -> None:
    view = accepts_body(5)(requires("b")(signed_in(polling=True)(requires("a")(handler()))))
    declared = declaration_of(view)
    assert declared.access is not None
    assert declared.access.permissions == {"a", "b"}
    assert declared.access.polling
    assert not declared.access.open
    assert declared.body_limit == 5


def test_a_handler_is_public_or_not() -> None:
    for first, second in ((public, signed_in), (signed_in, public), (requires("x"), public), (public, requires("x"))):
        with pytest.raises(ConfigError, match="both public and not"):
            second(first(handler()))
    with pytest.raises(ConfigError, match="needs the name"):
        requires()
    with pytest.raises(ConfigError, match="needs the name"):
        requires("")


def test_declarations_are_seen_through_partials_and_wrappers() -> None:
    view = public(handler())
    partial = functools.partial(functools.partial(view))
    wrapped = functools.wraps(view)(handler())
    assert declaration_of(partial).access == PUBLIC
    assert declaration_of(wrapped).access == PUBLIC
    assert declaration_of(functools.partial(handler())) == NOTHING_DECLARED
    assert declaration_of(None) == NOTHING_DECLARED


def test_a_class_declares_per_method_before_as_a_whole() -> None:
    @signed_in
    class Notes:
        @public
        def get(self) -> None: ...

        def post(self) -> None: ...

    assert declaration_of(Notes, "GET").access == PUBLIC
    assert declaration_of(Notes, "HEAD").access == PUBLIC
    assert declaration_of(Notes, "POST").access == SIGNED_IN
    assert declaration_of(Notes, "DELETE").access == SIGNED_IN


def test_the_longest_path_wins() -> None:
    table = PathTable({"/a/*": SIGNED_IN, "/a/b/*": PUBLIC, "/a/b/c": permission("x"), "/docs": ASSETS})
    assert table.find("/a") == SIGNED_IN
    assert table.find("/a/") == SIGNED_IN
    assert table.find("/a/x") == SIGNED_IN
    assert table.find("/a/b/x") == PUBLIC
    assert table.find("/a/b/c") == permission("x")
    assert table.find("/docs") == ASSETS
    assert table.find("/docs/x") is None
    assert table.find("/ab") is None
    assert table.find("/") is None


@pytest.mark.parametrize("key", ["docs", "/a*", "/*/b", "/a//b", "/a/../b", "", "*", "/a\\b"])
def test_unclear_paths_are_refused(key: str) -> None:
    with pytest.raises(ConfigError, match="paths"):
        PathTable({key: PUBLIC})


def test_everything_is_not_public() -> None:
    with pytest.raises(ConfigError, match="would open every route"):
        PathTable({"/*": PUBLIC})
    assert PathTable({"/*": SIGNED_IN}).find("/x") == SIGNED_IN


@given(st.lists(st.sampled_from(["..", ".", "", "a", "static", "\\"]), max_size=6))
def test_no_detour_leads_out_of_a_public_folder(parts: list[str]) -> None:
    path = "/static/" + "/".join(parts)
    if PathTable({"/static/*": PUBLIC}).find(path) is not None:
        assert not {"..", ".", "\\"} & set(parts)


def test_unknown_roles_grant_nothing() -> None:
    table = RoleTable({"editor": {"read", "write"}, "reader": ["read"]})
    assert table.permissions_of(["editor", "reader"]) == {"read", "write"}
    assert table.permissions_of(["constructor", "__proto__", "__class__", ""]) == frozenset()
    assert table.permissions_of([]) == frozenset()


@pytest.mark.parametrize("granted", ["read", ["*"], ["notes:*"], [""]])
def test_the_role_table_names_each_permission(granted: Any) -> None:
    with pytest.raises(ConfigError, match="roles"):
        RoleTable({"editor": granted})


def test_the_role_table_does_not_change_with_its_source() -> None:
    source = {"editor": {"read"}}
    table = RoleTable(source)
    source["editor"].add("admin")
    assert table.permissions_of(["editor"]) == {"read"}


def test_an_actor_is_made_by_the_guard_and_stays_as_it_is() -> None:
    actor = recognise_actor("ada", frozenset({"editor"}), frozenset({"read"}))
    assert actor.may("read")
    assert not actor.may("write")
    assert actor == recognise_actor("ada", frozenset({"editor"}), frozenset())
    assert actor != recognise_actor("ada", frozenset(), frozenset())
    assert len({actor, recognise_actor("ada", frozenset({"editor"}), frozenset())}) == 1
    assert repr(actor) == "Actor('ada', roles=['editor'])"
    with pytest.raises(AttributeError):
        actor.id = "root"
    with pytest.raises(VallumError, match="verified credential"):
        Actor("trust me", "root", frozenset(), frozenset())
