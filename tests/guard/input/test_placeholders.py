import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.guard.input.models import InputRefusedError
from vallum.guard.input.placeholders import PlaceholderText


@pytest.mark.parametrize(
    "text",
    [
        "{{7*7}}",
        "${7*7}",
        "<%= 7*7 %>",
        "{0.__class__}",
        "{{ ''.__class__ }}",
        "{% import os %}",
        "%(name)s",
        "{{ a.b }}",
        "{name}",
        "#{7*7}",
        "{{",
    ],
)
def test_what_is_no_placeholder_stays_text(text):
    assert PlaceholderText(text, {"name"}).fill(name="x") == text


def test_values_are_filled_in_once():
    text = PlaceholderText("Dear {{ name }}, order {{order}}: {{name}}.", {"name", "order"})
    assert text.names == {"name", "order"}
    assert text.fill(name="{{order}}", order=7) == "Dear {{order}}, order 7: {{order}}."


def test_only_known_names():
    with pytest.raises(InputRefusedError, match="order"):
        PlaceholderText("{{ secret }}", {"order"})
    with pytest.raises(ConfigError):
        PlaceholderText("x", "name")
    with pytest.raises(InputRefusedError):
        PlaceholderText("a" * 20_001, set())


@pytest.mark.parametrize("value", [None, 1.5, True, object(), ["a"]])
def test_values_are_text_or_whole_numbers(value):
    with pytest.raises(ConfigError, match="name"):
        PlaceholderText("{{ name }}", {"name"}).fill(name=value)
    with pytest.raises(ConfigError, match="name"):
        PlaceholderText("{{ name }}", {"name"}).fill()


@given(st.text(), st.text())
def test_text_around_a_value_is_kept(before, value):
    before = before.replace("{{", "")
    assert PlaceholderText(before + "|{{ v }}|", {"v"}).fill(v=value) == f"{before}|{value}|"
