"""Redaction: by name at every depth, by shape in every text, and never twice."""

import json
import time
from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.secret import Secret
from vallum.guard.logging.redaction import MASK, Redactor, escape_controls, redact, redact_fields

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("password=hunter2", "hunter2"),
        ("password: correct horse battery staple", "staple"),
        ("old_password = 'with \\' quote', more", "quote"),
        ("{'api_key': 'k3y'}", "k3y"),
        ('"client_secret": "s3"', "s3"),
        ('{\\"password\\": \\"hunter2\\"}', "hunter2"),
        ("settings['secret'] = 'abc'", "abc"),
        ("(b'cookie', b'a=b; c=d')", "c=d"),
        ("Authorization: Bearer abc.def", "abc.def"),
        ("Authorization: Basic YTpi", "YTpi"),
        ("sent Bearer abcdefghijklmnop.q", "abcdefghijklmnop"),
        ("Cookie: a=b; c=d; e=f", "e=f"),
        ("Set-Cookie: id=xyz; Path=/", "xyz"),
        (f"got {JWT} from", "eyJ"),
        ("postgres://app:hunter2@db/x", "hunter2"),
        ("redis://:hunter2@cache", "hunter2"),
        ("id " + "aB3_" * 11, "aB3_"),
        (f"key is {PEM} end", "MIIEow"),
        (f"key is {PEM[:50]}", "MIIEow"),
        (json.dumps({"k": PEM}), "IBAAKC"),
        ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN"),
        ("use sk_live_4eC39HqLyjWDarjtT1", "4eC39"),
        ("ghp_0123456789abcdefghijABCDEFGHIJ", "0123456789"),
        ("xoxb-1234567890-abc", "1234567890"),
        ("card 4242 4242 4242 4242.", "4242"),
        ("card 5500-0055-5555-5559", "5555"),
        ("GET /callback?code=SplxlOBe&state=af0if", "SplxlOBe"),
        ("GET /x?access_token=abc&page=2", "abc"),
    ],
)
def test_secrets_are_masked(text: str, secret: str) -> None:
    assert secret not in redact(text)
    assert MASK in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        'File "app.py", line 3, in handler: no such note',
        "order 4242424242424241 shipped",
        "at 1800000000000 ms",
        "request 0b5a4c0e-6f7a-4f3e-9b0d-0a1b2c3d4e5f took 3 ms",
        "https://notes.example/path?page=2&sort=title",
        "basic authentication is off",
        "mail to ada@example.org",
    ],
)
def test_plain_text_stays(text: str) -> None:
    assert redact(text) == text


def test_the_pair_after_a_secret_stays() -> None:
    assert redact("token=abc user=7") == f"token={MASK} user=7"
    assert redact('{"password": "a, b", "page": 2}') == f'{{"password": "{MASK}", "page": 2}}'


NAMES = ["Password", "apiKey", "api-key", "API_KEY", "creditCard", "ssn", "X-Auth-Token", "clientSecret", "Cookie"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", ["canary", "", 0, None, False, ["canary"], {"deep": "canary"}, b"canary"])
def test_names_hide_whatever_stands_under_them(name: str, value: object) -> None:
    nested = {"user": [{"more": ({name: value, "id": 7},)}]}
    assert redact_fields(nested) == {"user": [{"more": [{name: MASK, "id": 7}]}]}


def test_values_are_found_in_structures() -> None:
    fields = {
        "note": f"see {JWT}",
        "card": 4242424242424242,
        "at": 1800000000000,
        "set": frozenset({"AKIAIOSFODNN7EXAMPLE"}),
        "raw": b"password=canary",
        "headers": [(b"authorization", b"canary"), ("accept", "*/*")],
        "object": Secret("canary"),
        "ordered": OrderedDict(x=1.5, y=True),
        f"key {JWT}": 1,
    }
    shown = redact_fields(fields)
    assert "canary" not in json.dumps(shown)
    assert "eyJ" not in json.dumps(shown)
    assert (shown["card"], shown["at"], shown["set"], shown["ordered"]) == (
        MASK,
        1800000000000,
        [MASK],
        {"x": 1.5, "y": True},
    )
    assert shown["headers"] == [["authorization", MASK], ["accept", "*/*"]]


def test_a_cycle_ends() -> None:
    cycle: dict[str, object] = {"id": 1}
    cycle["self"] = cycle
    assert MASK in json.dumps(redact_fields(cycle))


def test_an_object_whose_text_fails_is_named_by_its_type() -> None:
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("canary")

    assert redact_fields({"x": Broken()}) == {"x": "<Broken>"}


def test_further_names_emails_and_known_values() -> None:
    redactor = Redactor(names=("date_of_birth",), emails=True, known=(Secret("plain-old-words"), Secret("short")))
    assert redactor.value({"dateOfBirth": "1815-12-10", "by": "ada@example.org"}) == {"dateOfBirth": MASK, "by": MASK}
    assert redactor.text("sent plain-old-words in short") == f"sent {MASK} in short"


@given(st.text() | st.from_regex(r"(password|token|cookie)[=:' \"\[\]{}(),;&A-Z]{1,40}"))
def test_masking_twice_changes_nothing(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@given(st.text(alphabet=st.sampled_from("abcXYZ0189"), min_size=3, max_size=30), st.sampled_from(NAMES))
def test_no_named_value_survives(value: str, name: str) -> None:
    canary = f"zq{value}qz"
    assert canary not in redact(f"{name}={canary}")
    assert canary not in redact(f'{{"{name}": "{canary}"}}')
    assert canary not in json.dumps(redact_fields({name: canary}))


@pytest.mark.parametrize(
    "piece",
    ["eyJ", "password", "password=", "password='", "://a:", "-----BEGIN A", "4 ", "4", "cookie:", "a@a.", "?code="],
)
def test_long_hostile_text_takes_no_time(piece: str) -> None:
    start = time.perf_counter()
    Redactor(emails=True).text(piece * (200_000 // len(piece)))
    assert time.perf_counter() - start < 2


@given(st.text())
def test_escaped_text_is_one_line(text: str) -> None:
    assert len(escape_controls(text).splitlines()) <= 1


def test_what_turns_text_around_is_shown() -> None:
    assert escape_controls("a\r\nb\x1b[31m\u202ec\td\ud800") == "a\\r\\nb\\u001b[31m\\u202ec\td\\ud800"
