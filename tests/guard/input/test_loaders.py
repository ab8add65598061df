import datetime as dt
import enum
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from vallum.base.errors import ConfigError
from vallum.guard.input import loaders
from vallum.guard.input.loaders import InputRefusedError, LoadLimits, load_json, load_yaml


class Colour(enum.Enum):
    RED = "red"
    BLUE = 2


@dataclass(frozen=True)
class Item:
    name: str
    count: int = 1

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError(f"secret {self.count}")


@dataclass(frozen=True)
class Order:
    items: list[Item]
    paid: bool
    price: float
    kind: Literal["new", "old", 3] = "new"
    colour: Colour = Colour.RED
    note: str | None = None
    tags: tuple[str, ...] = ()
    sizes: dict[str, int] = field(default_factory=dict)
    extra: Any = None
    mixed: int | str | list[int] = 0
    made: int = field(init=False, default=7)


class Event(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    name: str
    day: dt.date
    price: Decimal = Decimal(0)


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=4)),
    max_leaves=15,
)


@given(VALUES)
def test_json_comes_back_as_it_was(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert load_json(text, object) == value
        assert load_json(text.encode(), object) == value


YAML_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=8,
)


@given(YAML_VALUES)
@settings(max_examples=50)
def test_yaml_comes_back_as_it_was(value: Any) -> None:
    # Quoted, because PyYAML writes YAML 1.1, where the text 1e3 needs no quotes.
    assert load_yaml(yaml.safe_dump(value, allow_unicode=True, default_style='"'), object) == value


FULL = {
    "items": [{"name": "a"}, {"name": "b", "count": 2}],
    "paid": True,
    "price": 3,
    "kind": "old",
    "colour": 2,
    "note": None,
    "tags": ["x"],
    "sizes": {"s": 1},
    "extra": [{}],
    "mixed": "text",
}


def test_data_becomes_the_declared_type() -> None:
    expected = Order([Item("a"), Item("b", 2)], True, 3.0, "old", Colour.BLUE, None, ("x",), {"s": 1}, [{}], "text")
    for order in (load_json(json.dumps(FULL), Order), load_yaml(yaml.safe_dump(FULL), Order)):
        assert order == expected
        assert type(order.price) is float
    small = load_json('{"items": [], "paid": false, "price": 0.5, "kind": 3, "note": "n", "mixed": [1]}', Order)
    assert (small.kind, small.note, small.mixed, small.made) == (3, "n", [1], 7)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"paid": 1}, "paid must be true or false"),
        ({"paid": "true"}, "paid must be true or false"),
        ({"price": "3"}, "price must be a number"),
        ({"price": True}, "price must be a number"),
        ({"items": {}}, "items must be a list"),
        ({"items": [1]}, r"items\[0\] must be an object"),
        ({"items": [{}]}, r"items\[0\] lacks name"),
        ({"items": [{"name": 7}]}, r"items\[0\]\.name must be text"),
        ({"items": [{"name": "a", "count": 1.0}]}, r"items\[0\]\.count must be an integer"),
        ({"items": [{"name": "a", "count": True}]}, r"items\[0\]\.count must be an integer"),
        ({"items": [{"name": "a", "count": -7}]}, r"items\[0\] does not fit Item"),
        ({"kind": "New"}, "kind is not one of its choices"),
        ({"kind": 3.0}, "kind is not one of its choices"),
        ({"colour": "RED"}, "colour is not one of its choices"),
        ({"note": 7}, "note must be text"),
        ({"tags": "x"}, "tags must be a list"),
        ({"sizes": [1]}, "sizes must be an object"),
        ({"sizes": {"s": "1"}}, r"sizes\.\* must be an integer"),
        ({"mixed": 1.5}, "mixed fits none of its types"),
        ({"is_admin": True}, "has unknown fields"),
        ({"made": 1}, "has unknown fields"),
        ({"is_admin": True, "items": None}, "has unknown fields"),
    ],
)
def test_what_does_not_fit_is_refused_by_place_without_the_value(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputRefusedError, match=message) as caught:
        load_json(json.dumps({**FULL, **change}), Order)
    assert caught.value.status == 400
    assert "secret" not in str(caught.value)
    assert "-7" not in str(caught.value)
    with pytest.raises(InputRefusedError, match=message):
        load_yaml(json.dumps({**FULL, **change}), Order)


def test_fields_can_lack_and_be_unknown_at_once() -> None:
    with pytest.raises(InputRefusedError, match=r"the input lacks items, paid, price and has unknown fields\."):
        load_json('{"x": 1}', Order)
    with pytest.raises(InputRefusedError, match=r"the input must be an object\."):
        load_json("[]", Order)


def test_pydantic_models_bind_themselves_and_keep_values_out_of_errors() -> None:
    event = load_json('{"name": "a", "day": "2026-11-24", "price": "1.50"}', Event)
    assert event == Event(name="a", day=dt.date(2026, 11, 24), price=Decimal("1.50"))
    with pytest.raises(InputRefusedError, match=r"^day, an unknown field does not fit Event\.$") as caught:
        load_json('{"name": "a", "day": "hunter2", "secret": "hunter2"}', Event)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
    with pytest.raises(InputRefusedError, match="does not fit Event"):
        load_yaml("[1]", Event)


def test_a_model_whose_validation_fails_in_its_own_way_is_refused_too() -> None:
    class Own:
        @classmethod
        def model_validate(cls, value: object) -> "Own":
            raise ValueError(f"{value}")

    with pytest.raises(InputRefusedError, match=r"^the input does not fit Own\.$"):
        load_yaml("secret", Own)


@pytest.mark.parametrize("into", [set[str], tuple[int, str], bytes, complex, dt.date, dict])
def test_a_type_that_cannot_be_bound_is_a_mistake_of_the_programmer(into: type) -> None:
    with pytest.raises(ConfigError) as caught:
        load_json("{}", into)
    assert caught.value.code == "no-model"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"a": 1, "a": 2}', "input-duplicate-key"),
        ('[{"a": {"b": 1, "\\u0062": 2}}]', "input-duplicate-key"),
        ('{"a" : 1, "a":2}', "input-duplicate-key"),
        ('{"a"\n:1,"a"\r:2}', "input-duplicate-key"),
        ('{"a":"x\\":","a":":"}', "input-duplicate-key"),
        ('[{"b":":"},{"a":1,"a":2}]', "input-duplicate-key"),
        ("NaN", "input-number"),
        ("[Infinity]", "input-number"),
        ("-Infinity", "input-number"),
        ("1e999", "input-number"),
        ("-1e999", "input-number"),
        ("[" * 33 + "]" * 33, "input-too-deep"),
        ('{"a":' * 33 + "1" + "}" * 33, "input-too-deep"),
        ("[" * 100_000, "input-too-deep"),
        ('[{"a":' * 50_000, "input-too-deep"),
        ("]" * 100, "input-syntax"),
        ("1" * 5000, "input-syntax"),
        ('"\\ud800"', "input-syntax"),
        ('{"\\uDFFF": 1}', "input-syntax"),
        ("", "input-syntax"),
        ("{", "input-syntax"),
        ("[1,]", "input-syntax"),
        ("{'a': 1}", "input-syntax"),
        ("// comment\n1", "input-syntax"),
        ("1 2", "input-syntax"),
        ('"a\nb"', "input-syntax"),
        ("\ufeff1", "input-syntax"),
        ("\ud800", "input-syntax"),
        (b"\xff\xfe1\x00", "input-syntax"),
        (b'"\xed\xa0\x80"', "input-syntax"),
        ('"' + "x" * 1024 * 1024 + '"', "input-too-large"),
        (b" " * (1024 * 1024 + 1), "input-too-large"),
    ],
)
def test_json_that_is_not_strict_is_refused(text: str | bytes, code: str) -> None:
    with pytest.raises(InputRefusedError) as caught:
        load_json(text, object)
    assert caught.value.code == code
    assert caught.value.status == (413 if code == "input-too-large" else 400)


def test_brackets_in_strings_do_not_count_as_nesting() -> None:
    value = ["[" * 100, "\\", '"[{' * 50, {"]": '\\"[' * 40}]
    assert load_json(json.dumps(value), object) == value
    deep: Any = 1
    for _ in range(32):
        deep = [deep]
    assert load_json(json.dumps(deep), object) == deep
    assert load_json('"\\ud83d\\ude00"', object) == "\U0001f600"


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (BOMB, "input-too-many"),
        ("&a [*a]", "input-alias"),
        ("a: &a {b: *a}", "input-alias"),
        ("*a", "input-alias"),
        ("!!python/object/apply:os.system ['id']", "input-tag"),
        ("!!python/name:os.system", "input-tag"),
        ("a: !!python/tuple [1]", "input-tag"),
        ("!<tag:yaml.org,2002:python/object:os.system> x", "input-tag"),
        ("!custom x", "input-tag"),
        ("!!binary aGk=", "input-tag"),
        ("!!timestamp 2020-01-01", "input-tag"),
        ("!!set {a}", "input-tag"),
        ("a: 1\na: 2", "input-duplicate-key"),
        ("1: a\n0x1: b", "input-duplicate-key"),
        ("1e999", "input-number"),
        ("!!float .inf", "input-number"),
        ("[" * 33 + "]" * 33, "input-too-deep"),
        ("{a: " * 33 + "1" + "}" * 33, "input-too-deep"),
        ("- " * 5000 + "1", "input-too-deep"),
        ("[" + "1, " * 100_001 + "]", "input-too-many"),
        ("[", "input-syntax"),
        ("a: b: c", "input-syntax"),
        ("? [1]\n: 2", "input-syntax"),
        ("---\na\n---\nb", "input-syntax"),
        ("!!int x", "input-syntax"),
        ("\x00", "input-syntax"),
        (b"\xff", "input-syntax"),
        (" " * (1024 * 1024 + 1), "input-too-large"),
    ],
)
def test_yaml_that_could_hurt_is_refused(text: str | bytes, code: str) -> None:
    with pytest.raises(InputRefusedError) as caught:
        load_yaml(text, object)
    assert caught.value.code == code


def test_yaml_values_are_what_they_look_like() -> None:
    text = """
country: no
yes: on
day: 2026-11-24
time: 12:30
octal: 017
under: 1_000
number: -17
hex: 0x1F
half: .5
big: 1e3
truth: true
nothing: ~
empty:
infinite: .inf
base: &base {a: 1}
copy: *base
<<: merged
"""
    assert load_yaml(text, object) == {
        "country": "no", "yes": "on", "day": "2026-11-24", "time": "12:30", "octal": "017", "under": "1_000",
        "number": -17, "hex": 31, "half": 0.5, "big": 1000.0, "truth": True, "nothing": None, "empty": None,
        "infinite": ".inf", "base": {"a": 1}, "copy": {"a": 1}, "<<": "merged",
    }  # fmt: skip
    assert load_yaml("", object) is None


OBJECTS = st.recursive(
    st.sampled_from(["1", '":"', '"\\":"', '" :"']),
    lambda inner: st.lists(
        st.tuples(st.sampled_from(["a", "b", ":", '\\":']), st.sampled_from(["", " ", "\n"]), inner), max_size=3
    ).map(lambda pairs: "{" + ",".join(f'"{key}"{space}:{value}' for key, space, value in pairs) + "}"),
    max_leaves=6,
)


@given(OBJECTS)
def test_a_key_that_stands_twice_never_passes(text: str) -> None:
    def refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise KeyError
        return dict(pairs)

    try:
        expected = json.loads(text, object_pairs_hook=refuse_twice)
    except KeyError:
        with pytest.raises(InputRefusedError) as caught:
            load_json(text, object)
        assert caught.value.code == "input-duplicate-key"
    else:
        assert load_json(text, object) == expected


@given(st.text(alphabet="[]{}:,&*!-?|>'\"#% \nab1.~", max_size=60))
def test_any_text_gives_plain_data_or_a_refusal(text: str | bytes) -> None:
    for load in (load_json, load_yaml):
        try:
            value = load(text, object)
        except InputRefusedError:
            continue
        assert isinstance(value, str | int | float | bool | None | list | dict)


@pytest.mark.parametrize("limits", [{"size": 0}, {"depth": 201}, {"values": 0}])
def test_limits_are_checked_when_built(limits: dict[str, int]) -> None:
    with pytest.raises(ConfigError):
        LoadLimits(**limits)


def test_limits_can_be_tightened() -> None:
    with pytest.raises(InputRefusedError):
        load_json("[1]", object, limits=LoadLimits(size=2))
    with pytest.raises(InputRefusedError):
        load_yaml("[[1]]", object, limits=LoadLimits(depth=1))


def test_no_loader_that_restores_objects_is_offered() -> None:
    offered = {name for name in loaders.__all__ if name.startswith("load")}
    assert offered == {"load_json", "load_yaml"}
