import json
import math

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.guard.output.html import SafeHtml, fill_html
from vallum.guard.output.script_data import ScriptDataError, data_block, encode_script

TRICKS = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    '";alert(1)//',
    "'-alert(1)-'",
    "\u2028alert(1)",
    "\u2029",
    "${alert(1)}",
    "]]>",
    "&lt;/script&gt;",
    "\\",
    "\0",
    "\ud800",
]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from([*TRICKS, "<", ">", "&", "/", "script", "\\u003c"])).map("".join))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)


def scripts(page: str) -> list[str]:
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    return ["".join(element.itertext()) for element in tree.iter("script")]


@given(VALUES)
def test_a_value_comes_back_from_its_one_script(value):
    block = data_block("board", value)
    found = scripts(f"<p>before</p>{block}<p>after</p>")
    assert [json.loads(text) for text in found] == [value]


@given(VALUES)
def test_nothing_that_ends_a_script_or_a_line_is_left(value):
    assert not set(encode_script(value)) & set("<>&'\u2028\u2029")
    assert encode_script(value).isascii()


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_stays_one_value_of_a_running_script(trick):
    page = f"<script>const value = {encode_script(trick)};</script><p>after</p>"
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    assert len(list(tree.iter("script"))) == 1
    assert [element.text for element in tree.iter("p")] == ["after"]


@pytest.mark.parametrize("value", [math.nan, math.inf, [-math.inf], {1, 2}, object(), {"a": b"x"}])
def test_what_is_not_json_is_refused_without_showing_it(value):
    with pytest.raises(ScriptDataError) as caught:
        encode_script(value)
    assert "0x" not in str(caught.value)


def test_a_circle_is_refused():
    circle: list[object] = []
    circle.append(circle)
    with pytest.raises(ScriptDataError):
        encode_script(circle)


def test_other_types_go_through_default():
    assert encode_script({"kinds": {"a"}}, default=sorted) == '{"kinds":["a"]}'


@pytest.mark.parametrize("name", ["", "1st", 'x" onclick="', "a b", "a" * 65, "é"])
def test_an_id_is_a_plain_name(name):
    with pytest.raises(ScriptDataError, match="plain name"):
        data_block(name, 1)


def test_a_block_is_not_escaped_again():
    block = data_block("n", "<b>")
    assert isinstance(block, SafeHtml)
    assert fill_html("<main>{block}</main>", block=block) == f"<main>{block}</main>"
