"""The claims on files and keys that anybody can fetch."""

import json
from base64 import urlsafe_b64encode

import pytest
from flask import Flask, Response

EDWARDS = {"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "AA"}


def rsa(bits: int) -> dict[str, str]:
    modulus = ((1 << bits) - 1).to_bytes(bits // 8)
    return {"kty": "RSA", "kid": "r", "e": "AQAB", "n": urlsafe_b64encode(modulus).rstrip(b"=").decode()}


def serve(**files: str) -> Flask:
    app = Flask(__name__, static_folder=None)

    @app.get("/<path:name>")
    def show(name: str) -> Response:
        return Response(files[name]) if name in files else Response("none", 404)

    return app


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".env", "DEBUG=1\nSECRET_KEY=abc\n"),
        (".git/config", "[core]\n\tbare = false\n"),
        (".git/HEAD", "ref: refs/heads/main\n"),
        ("credentials.json", '{"client_id": 1}'),
        ("key.pem", "-----BEGIN PRIVATE KEY-----"),
        ("backup.sql", "CREATE TABLE users (id int);"),
    ],
)
def test_a_private_file_is_found(run, name, text):
    told = run(serve(**{name: text}), "secrets-not-committed", identities=())
    assert len(told.reasons) == 1
    assert f"/{name}" in told.reasons[0]
    assert "abc" not in str(told.reasons)


def test_closed_addresses_are_held(run):
    told = run(serve(), "secrets-not-committed", identities=())
    assert told.reasons == []
    assert len(told.notes) > 10


def test_an_app_of_one_page_serves_no_private_file(run):
    app = Flask(__name__, static_folder=None)
    app.add_url_rule("/<path:_>", view_func=lambda _: "<!doctype html>FOO=1 { [core]")
    assert run(app, "secrets-not-committed", identities=()).reasons == []


@pytest.mark.parametrize(
    ("key", "word"),
    [
        (rsa(2048), "2048 bits"),
        (rsa(1024), "1024 bits"),
        ({"kty": "RSA", "n": "?"}, "bits"),
        ({"kty": "EC", "crv": "secp256k1"}, "secp256k1"),
        ({"kty": "oct"}, "oct"),
        ({**EDWARDS, "d": "AA"}, "private part"),
        ({"kty": "oct", "k": "AA"}, "private part"),
    ],
)
def test_a_weak_key_is_found(run, key, word):
    told = run(
        serve(**{".well-known/jwks.json": json.dumps({"keys": [EDWARDS, key]})}), "strong-asymmetric", identities=()
    )
    assert len(told.reasons) == 1
    assert word in told.reasons[0]
    assert len(told.notes) == 1


def test_strong_keys_are_held(run):
    keys = [EDWARDS, {"kty": "EC", "crv": "P-256", "kid": "p"}, rsa(3072)]
    told = run(serve(jwks=json.dumps({"keys": keys})), "strong-asymmetric", identities=())
    assert told.reasons == []
    assert len(told.notes) == 3


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keys": 1}', '{"keys": [1, {}]}', "<html>"])
def test_without_keys_it_is_unproven(run, text):
    told = run(serve(jwks=text), "strong-asymmetric", identities=())
    assert (told.reasons, told.notes) == ([], [])
    assert told.unproven
