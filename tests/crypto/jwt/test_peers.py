"""Tokens of ours in the hands of other libraries: Authlib, and jose for JavaScript (tests/peers)."""

import json
import subprocess
import warnings
from importlib import import_module
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from vallum.crypto.jwt.keyring import Keyring
from vallum.crypto.jwt.keys import Algorithm, generate_key
from vallum.guard.tokens.access_tokens import AccessTokens

PEERS = Path(__file__).parents[2] / "peers"
HAS_JOSE = which("node") is not None and (PEERS / "node_modules" / "jose").is_dir()
ALGORITHMS: list[Algorithm] = ["ES256", "EdDSA", "RS256"]


def build(*algorithms: Algorithm) -> AccessTokens:
    ring = Keyring([generate_key(algorithm) for algorithm in algorithms])
    return AccessTokens(keyring=ring, issuer="https://id.example", audience="api")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_authlib_accepts_our_tokens(algorithm: Algorithm) -> None:
    with warnings.catch_warnings():
        import_module("authlib.deprecate")  # which would show its warnings in spite of a filter set before
        warnings.simplefilter("ignore")  # its JOSE calls itself deprecated
        jose = import_module("authlib.jose")
        tokens = build(algorithm)
        keys = jose.JsonWebKey.import_key_set(tokens.export_keys())
        decoder = jose.JsonWebToken([algorithm])
        claims = decoder.decode(tokens.issue("u1", {"scope": "read"}), keys)
        claims.validate()
        assert (claims["sub"], claims["aud"], claims["scope"]) == ("u1", "api", "read")
        with pytest.raises(ValueError, match="Key not found"):
            decoder.decode(build(algorithm).issue("u1"), keys)


def ask_jose(tokens: AccessTokens, token: str, **changes: str) -> dict[str, Any]:
    said = {"token": token, "issuer": "https://id.example", "audience": "api", **tokens.export_keys(), **changes}
    done = subprocess.run(
        ["node", "verify_token.mjs"],
        cwd=PEERS,
        input=json.dumps(said).encode(),
        capture_output=True,
        timeout=30,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.skipif(not HAS_JOSE, reason="needs node and npm, for make to install jose")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_jose_accepts_our_tokens_by_our_key_document(algorithm: Algorithm) -> None:
    others: list[Algorithm] = [name for name in ALGORITHMS if name != algorithm]
    tokens = build(algorithm, *others)
    token = tokens.issue("u1")
    assert ask_jose(tokens, token) == {"subject": "u1", "algorithm": algorithm}
    assert ask_jose(tokens, token, audience="other") == {"refused": "ERR_JWT_CLAIM_VALIDATION_FAILED"}
    assert ask_jose(build(algorithm), token) == {"refused": "ERR_JWKS_NO_MATCHING_KEY"}
