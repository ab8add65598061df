"""Refusals: two forms, fixed text."""

import json

import pytest

from vallum.guard.errors.refusal import Refusal, phrase_of, refusal_for


def test_the_two_forms() -> None:
    refusal = Refusal(403, "no", 'You may "not" <do> this.')
    kind, body = refusal.render(None, "ID")
    assert kind == b"application/problem+json"
    assert json.loads(body)["detail"] == 'You may "not" <do> this.'
    assert json.loads(body)["request_id"] == "ID"
    kind, body = refusal.render(b"text/html", "ID")
    assert kind == b"text/html; charset=utf-8"
    assert b"<code>ID</code>" in body
    assert b"&lt;do&gt;" in body
    assert repr(refusal) == "Refusal(403, 'no')"


@pytest.mark.parametrize("accept", [None, b"text/html"])
def test_an_unidentified_refusal_is_always_the_same(accept: bytes | None) -> None:
    refusal = Refusal(401, "no", identified=False)
    assert refusal.render(accept, "A") == refusal.render(accept, "B")


@pytest.mark.parametrize(
    ("status", "phrase"), [(404, "Not Found"), (499, "Bad Request"), (599, "Internal Server Error")]
)
def test_any_status_has_words(status: int, phrase: str) -> None:
    assert phrase_of(status) == phrase
    assert refusal_for(status).status == status
