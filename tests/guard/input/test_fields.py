import ipaddress
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from vallum.base.errors import ConfigError
from vallum.guard.input.fields import (
    Day,
    Email,
    FileName,
    HttpsUrl,
    Id,
    IpAddress,
    Money,
    Phone,
    PlainLine,
    PlainText,
    Slug,
    Username,
    between,
    username,
)

CASES = [
    (Username, ["abc", "A_9", "a" * 20], ["ab", "a" * 21, "abc\n", "a-b", "\u0430bc", "", 7, "a b c"]),
    (Email, ["a@b.co"], ["a@b", "a@b.co\n", 1, None]),
    (HttpsUrl, ["https://example.org/a?b"], ["http://example.org", "javascript:alert(1)", "//x", 5]),
    (Slug, ["a", "a-b-1", "a" * 80], ["-a", "a-", "A", "a_b", "a\n", "", "a" * 81]),
    (FileName, ["report 1.pdf", "é.txt"], ["../x", "a/b", "a\\b", ".x", "x.", "x ", "a\0", "a:b", "\u202e", "a%2fb"]),
    (Phone, ["+4915112345678"], ["0151", "+0151234567", "+49 151", "+1234567\n", "+12345678901234567"]),
    (PlainLine, ["Grüße, 世界 🎉", ""], ["a\nb", "a\tb", "a\0", "\u202e", "\u200b", "\ufeff", "\ue000", "a" * 201, 1]),
    (PlainText, ["a\nb\tc"], ["\x1b[31m", "a\r\nb", "\u2066", "\u2028", "a" * 10_001, ["a"]]),
    (Id, [1, 2**63 - 1], [0, -1, 2**63, "1", 1.0, True]),
    (Annotated[int, between(18, 120)], [18, 120], [17, 121, "20", 20.5, True]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "fit", "unfit"), CASES)
def test_a_field_takes_what_its_rule_names(kind: Any, fit: list[Any], unfit: list[Any]):
    adapter = TypeAdapter(kind)
    for value in fit:
        assert adapter.validate_python(value) == value
    for value in unfit:
        with pytest.raises(ValidationError):
            adapter.validate_python(value)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Money, "12.50", Decimal("12.50")),
        (Money, "-0.01", Decimal("-0.01")),
        (Day, "2026-02-28", date(2026, 2, 28)),
        (IpAddress, "192.0.2.1", ipaddress.ip_address("192.0.2.1")),
        (IpAddress, "2001:db8::1", ipaddress.ip_address("2001:db8::1")),
    ],
)
def test_text_becomes_a_value(kind, text, value):
    assert TypeAdapter(kind).validate_python(text) == value


@pytest.mark.parametrize("text", ["1e5", "NaN", "Infinity", "01.00", "1.234", "1,50", " 1", "1\n", "٣", 1.5, 3, True])
def test_money_has_one_form(text):
    with pytest.raises(ValidationError):
        TypeAdapter(Money).validate_python(text)


@pytest.mark.parametrize("text", ["2026-02-30", "2026-2-3", "20260203", "2026-02-03T00:00", "2026-02-03\n", 5])
def test_a_day_has_one_form(text):
    with pytest.raises(ValidationError):
        TypeAdapter(Day).validate_python(text)


@pytest.mark.parametrize("text", ["127.1", "0x7f000001", "2130706433", "fe80::1%eth0", "1.2.3.4/8", "", 16909060])
def test_an_address_has_one_form(text):
    with pytest.raises(ValidationError):
        TypeAdapter(IpAddress).validate_python(text)


@given(st.text(max_size=50))
def test_a_line_never_holds_what_ends_or_turns_it(text):
    try:
        line = TypeAdapter(PlainLine).validate_python(text)
    except ValidationError:
        return
    assert len(line.splitlines()) <= 1
    assert not set(line) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\0\x1b")


def test_bounds_are_checked():
    assert TypeAdapter(Annotated[str, username(32)]).validate_python("a" * 32) == "a" * 32
    with pytest.raises(ConfigError):
        between(2, 1)
    with pytest.raises(ConfigError):
        username(33)
