import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.guard.input.email_address import parse_email
from vallum.guard.input.models import InputRefusedError

FIT = ["a@b.co", "First.Last+tag@Example.ORG", "o'neil@mail.example.org", "x@xn--bcher-kva.example", "a" * 64 + "@b.co"]
UNFIT = [
    "", "a", "@b.co", "a@", "a@b", "a@@b.co", "a@b@c.co", "a b@c.co", "a@b c.co", ".a@b.co", "a.@b.co", "a..b@c.co",
    "a@.b.co", "a@b..co", "a@b.co.", "a@-b.co", "a@b-.co", "a@b.123", "a@[127.0.0.1]", '"a"@b.co', "<a@b.co>",
    "a@b.co>",
    "a@b.co\n", "a\r\nBcc: x@y.z@b.co", "a@b.co\0", "a@b_c.co", "m\u0131ke@example.org", "a@\u0435xample.org",
    "a@b.co,c@d.co",
    "a" * 65 + "@b.co", "a@" + "b" * 64 + ".co", "a@" + "b." * 126 + "co", "(x)a@b.co", "a@b.co ", "a%40b@c@d.co",
]  # fmt: skip


@pytest.mark.parametrize("text", FIT)
def test_an_address_is_kept_as_it_was_written(text):
    assert parse_email(text).text == text


@pytest.mark.parametrize("text", UNFIT)
def test_anything_else_is_refused_without_an_echo(text):
    with pytest.raises(InputRefusedError) as caught:
        parse_email(text)
    assert len(text) < 4 or text not in str(caught.value)


def test_one_mailbox_has_one_key():
    assert (
        parse_email("First.Last@Example.ORG").key
        == "first.last@example.org"
        == parse_email("first.last@example.org").key
    )
    assert parse_email("a.b+c@x.org").key != parse_email("ab@x.org").key


@given(st.text(), st.text())
def test_two_accepted_addresses_with_one_key_differ_in_ascii_case_only(first, second):
    keys = []
    for text in (first, second):
        try:
            keys.append(parse_email(f"{text}@example.org").key)
        except InputRefusedError:
            return
    assert (keys[0] == keys[1]) == (first.lower() == second.lower())
    assert first.isascii()


@given(st.characters(min_codepoint=128))
def test_no_look_alike_gets_in(mark):
    for text in (f"mi{mark}ke@example.org", f"mike@ex{mark}mple.org"):
        with pytest.raises(InputRefusedError):
            parse_email(text)


def test_domains_are_compared_as_a_whole():
    assert parse_email("a@Corp.example", domains={"corp.example"}).domain == "Corp.example"
    for text in ("a@evil-corp.example", "a@corp.example.evil.org", "a@x.corp.example"):
        with pytest.raises(InputRefusedError, match="not accepted"):
            parse_email(text, domains={"corp.example"})
    with pytest.raises(ConfigError):
        parse_email("a@b.co", domains="b.co")
