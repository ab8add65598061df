"""What a cookie's value holds is told from an opaque id."""

import base64
import json
import pickle
import secrets

import jwt
import pytest
from cryptography.fernet import Fernet
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import TimestampSigner

from vallum.probe.read.state import id_part, read_state

KEY = "a key of thirty-two bytes or more, for tests"


def flask_cookie(**values):
    app = Flask(__name__)
    app.secret_key = KEY
    return SecureCookieSessionInterface().get_signing_serializer(app).dumps(values)


def starlette_cookie(**values):
    return TimestampSigner(KEY).sign(base64.b64encode(json.dumps(values).encode())).decode()


@pytest.mark.parametrize(
    ("value", "kind", "names"),
    [
        (flask_cookie(user="ann"), "JSON", ("user",)),
        (flask_cookie(user="ann", basket=["milk"] * 200), "JSON", ("basket", "user")),
        (starlette_cookie(user_id=7), "JSON", ("user_id",)),
        (base64.urlsafe_b64encode(b'{"role": "admin"}').decode(), "JSON", ("role",)),
        ("%7B%22user%22%3A%201%7D", "JSON", ("user",)),
        (jwt.encode({"sub": "ann"}, KEY, "HS256"), "a JSON Web Token", ("sub",)),
        (base64.b64encode(pickle.dumps({"theme": "dark"})).decode(), "a pickle", ()),
        (Fernet(Fernet.generate_key()).encrypt(b"ann").decode(), "a sealed value", ()),
    ],
    ids=["flask", "flask packed", "starlette", "json", "quoted json", "jwt", "pickle", "fernet"],
)
def test_state_is_read_by_its_names(value, kind, names):
    state = read_state(value)
    assert (state.kind, tuple(sorted(state.names))) == (kind, names)


@given(st.binary(min_size=32, max_size=32))
def test_random_ids_are_opaque(drawn):
    for value in (base64.urlsafe_b64encode(drawn).rstrip(b"=").decode(), drawn.hex()):
        assert read_state(value) is None
        assert id_part(value) == value


@given(st.text(max_size=60))
def test_any_text_is_read_without_falling(text):
    state = read_state(text)
    assert state is None or state.kind
    assert len(id_part(text)) <= len(text)


def test_id_is_told_from_prefix_and_signature():
    sid = secrets.token_urlsafe(32)
    assert id_part(f"s%3A{sid}.c2lnbmF0dXJlLW9mLWlk") == sid
    assert id_part(f"{sid}.sig") == sid
    assert id_part("a.b") == ""
    assert id_part("short") == "short"
