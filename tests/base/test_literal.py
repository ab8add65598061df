import functools
import textwrap

import pytest

from vallum.base.errors import ConfigError
from vallum.base.literal import check_literal


def take(text: str) -> str:
    check_literal(text, "the text")
    return text


def relay(text: str) -> str:
    check_literal(text, "the text", depth=2)
    return text


def through(text: str) -> str:
    return relay(text)


CONSTANT = "SELECT a constant of the module"


def test_a_literal_in_the_call_passes():
    assert take("SELECT 1")
    assert take("SELECT " + "1")  # the compiler joins the two into one constant
    for text in ("SELECT 2", "SELECT 3"):
        assert take(text)
    assert functools.partial(take, "SELECT 4")()


def test_a_literal_in_a_class_body_passes():
    class Notes:
        text = take("SELECT 6")

    assert Notes.text


@pytest.mark.parametrize("data", ["secret", "1 OR 1=1"])
def test_a_text_put_together_is_refused(data: str) -> None:
    texts = [
        f"SELECT {data} FROM t",
        "SELECT '%s'" % data,  # noqa: UP031  # the way in which people do it
        " ".join(["SELECT", data]),  # noqa: FLY002  # the same
        textwrap.dedent("  " + data),
    ]
    for text in texts:
        with pytest.raises(ConfigError) as caught:
            take(text)
        assert caught.value.code == "not-a-literal"
        assert data not in str(caught.value)


def test_the_caller_that_counts_can_be_further_up():
    assert through("SELECT 7")
    with pytest.raises(ConfigError):
        through("SELECT " + str(7) + "!")


def test_a_constant_of_another_scope_is_refused_because_it_cannot_be_proved():
    with pytest.raises(ConfigError):
        take(CONSTANT)


def test_without_a_caller_nothing_is_proved():
    with pytest.raises(ConfigError):
        check_literal("SELECT 8", "the text", depth=1000)
