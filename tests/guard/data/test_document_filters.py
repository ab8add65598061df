import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.guard.data.document_filters import (
    FilterRefusedError,
    all_of,
    between,
    check_document,
    check_scalar,
    equal,
    equal_at,
    one_of,
)

OPERATORS = [{"$ne": None}, {"$gt": ""}, ["a"], {"a": 1}, ("a",), {"$where": "1"}, object(), {1}]


@pytest.mark.parametrize("value", OPERATORS)
def test_only_scalars_are_values(value):
    for build in (
        lambda: equal(name=value),
        lambda: equal_at("user.name", value),
        lambda: one_of("name", ["a", value]),
        lambda: between("age", 1, value),
    ):
        with pytest.raises(FilterRefusedError):
            build()


def test_filters_name_their_operators():
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert equal(name="$ne", active=True) == {"name": {"$eq": "$ne"}, "active": {"$eq": True}}
    assert all_of(equal_at("user.name", "a"), one_of("team", [1, 2]), between("seen", now, now)) == {
        "$and": [
            {"user.name": {"$eq": "a"}},
            {"team": {"$in": [1, 2]}},
            {"seen": {"$gte": now, "$lte": now}},
        ]
    }


def test_the_type_of_an_id_is_a_scalar():
    class ObjectId:
        """As the driver's."""

    assert isinstance(check_scalar(ObjectId()), ObjectId)


@pytest.mark.parametrize("name", ["$where", "a b", "", "a..b", "a.$b"])
def test_names_are_plain(name):
    with pytest.raises(ConfigError):
        equal(**{name: 1})


@pytest.mark.parametrize(
    "document",
    [{"$set": 1}, {"a.b": 1}, {"a": {"$ne": 1}}, {"a": [{"$gt": 1}]}, {"": 1}, {"a\0": 1}, {1: 2}, {"a": {1}}],
)
def test_a_document_has_plain_keys(document):
    with pytest.raises(FilterRefusedError):
        check_document(document)


KEYS = st.text(max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
)


@given(st.dictionaries(KEYS, VALUES, max_size=3))
def test_no_operator_survives(document):
    def keys(value):
        if isinstance(value, dict):
            yield from value
            for item in value.values():
                yield from keys(item)
        elif isinstance(value, list):
            for item in value:
                yield from keys(item)

    try:
        checked = check_document(document)
    except FilterRefusedError:
        return
    assert checked == document
    assert not any(key.startswith("$") or "." in key for key in keys(checked))


def test_depth_is_bounded():
    deep: dict[str, object] = {}
    for _ in range(20):
        deep = {"a": deep}
    with pytest.raises(FilterRefusedError, match="deep"):
        check_document(deep)
    many: object = []
    for _ in range(20):
        many = [many]
    with pytest.raises(FilterRefusedError, match="deep"):
        check_document({"a": many})
