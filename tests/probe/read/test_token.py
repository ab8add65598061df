"""JSON Web Tokens come apart, and go together again."""

import base64
import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from vallum.probe.read.token import build_token, find_token, flip_signature, read_header, read_payload

CLAIMS = st.dictionaries(st.text(max_size=8), st.one_of(st.text(max_size=8), st.integers(), st.booleans()), max_size=5)


@given(CLAIMS)
def test_round_trip(claims):
    token = build_token({"alg": "HS256"}, claims, b"key")
    assert read_header(token) == {"alg": "HS256"}
    assert read_payload(token) == claims


def test_signature_is_hmac_sha256():
    token = build_token({"alg": "HS256"}, {"sub": "ann"}, b"key")
    head, _, signature = token.rpartition(".")
    wanted = base64.urlsafe_b64encode(hmac.digest(b"key", head.encode(), hashlib.sha256)).rstrip(b"=")
    assert signature.encode() == wanted


def test_unsigned_token_ends_with_a_dot():
    assert build_token({"alg": "none"}, {"sub": "ann"}).endswith(".")


def test_flipped_signature_differs_and_the_rest_does_not():
    token = build_token({"alg": "HS256"}, {"sub": "ann"}, b"key")
    flipped = flip_signature(token)
    assert flipped != token
    assert flipped.rpartition(".")[0] == token.rpartition(".")[0]
    assert flip_signature("a.b.Axyz") == "a.b.Bxyz"


def test_token_is_found_in_a_text():
    token = build_token({"alg": "HS256"}, {"sub": "ann"}, b"key")
    assert find_token(f'{{"access_token": "{token}"}}') == token
    assert find_token("nothing here") == ""


@given(st.text())
def test_what_is_no_token_is_none(text):
    read = read_header(text)
    assert read is None or text.count(".") == 2
