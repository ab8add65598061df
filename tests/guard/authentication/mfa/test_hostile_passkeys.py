"""Hostile answers of an authenticator: odd DER, edge values, other flags, other client data. None of them logs in."""

import hashlib
import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from tests.authenticator import SoftAuthenticator
from vallum.guard.authentication.login_failure import LoginFailedError
from vallum.guard.authentication.mfa.passkeys import Passkeys, encode
from vallum.guard.authentication.mfa.relying_party import RelyingParty

pytestmark = pytest.mark.parametrize("factors", ["memory"], indirect=True)
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.fixture
def device() -> SoftAuthenticator:
    return SoftAuthenticator("https://notes.example", "notes.example")


@pytest.fixture
def log_in(factors: Any, device: SoftAuthenticator) -> Callable[..., str]:
    """`log_in(change, **told)` answers a challenge, with the parts of the answer as `change` makes them."""
    passkeys = Passkeys(desk=factors.desk, party=RelyingParty("https://notes.example"), limits=Unlimited())
    assert factors.store.add(device.record("id-ann"))

    def run(change: Callable[[dict[str, Any]], None] = lambda _: None, **told: Any) -> str:
        answer = json.loads(device.answer(passkeys.challenge(browser="visitor")["challenge"], **told))
        change(answer)
        return passkeys.authenticate(json.dumps(answer), browser="visitor").id

    return run


class Unlimited:
    def take_now(self, *_: Any, **__: Any) -> None:
        """Let everybody try."""


def decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "==")


def wrap(r: bytes, s: bytes) -> bytes:
    body = b"\2" + bytes([len(r)]) + r + b"\2" + bytes([len(s)]) + s
    return b"\x30" + bytes([len(body)]) + body


def odd_signatures(good: bytes) -> dict[str, bytes]:
    r, s = decode_dss_signature(good)
    edges = {name: encode_dss_signature(*pair) for name, pair in edge_pairs(r, s).items()}
    raw_r, raw_s = (value.to_bytes(33, "big").lstrip(b"\0") for value in (r, s))
    return {
        **edges,
        "raw": r.to_bytes(32, "big") + s.to_bytes(32, "big"),
        "bytes behind": good + b"\0",
        "long form of the length": b"\x30\x81" + good[1:],
        "indefinite length": b"\x30\x80" + good[2:] + b"\0\0",
        "wrong tag": b"\x31" + good[1:],
        "r with zeros": wrap(b"\0\0" + raw_r, b"\0" + raw_s),
        "r as a negative": wrap(b"\xff" + raw_r, b"\0" + raw_s),
        "empty numbers": wrap(b"", b""),
        "one number": b"\x30" + bytes([2 + len(raw_r)]) + b"\2" + bytes([len(raw_r)]) + raw_r,
        "cut": good[:-1],
        "nothing": b"",
        "twice": good + good,
        "null": b"\x30\x02\x05\x00",
    }


def edge_pairs(r: int, s: int) -> dict[str, tuple[int, int]]:
    edges = {"0": 0, "1": 1, "n": ORDER, "n+1": ORDER + 1}
    return {
        **{f"r={name}": (value, s) for name, value in edges.items()},
        **{f"s={name}": (r, value) for name, value in edges.items()},
        "r=s=0": (0, 0),
        "swapped": (s, r),
    }


def test_an_odd_signature_does_not_log_in(log_in: Any) -> None:
    for name in odd_signatures(encode_dss_signature(1, 1)):

        def change(answer: dict[str, Any], name: str = name) -> None:
            response = answer["response"]
            response["signature"] = encode(odd_signatures(decode(response["signature"]))[name])

        with pytest.raises(LoginFailedError):
            log_in(change)
    assert log_in() == "id-ann"


@pytest.mark.parametrize("flags", [0x00, 0x01, 0x04, 0x44])
def test_without_presence_and_verification_of_the_user_nothing_is_proved(
    log_in: Any, device: SoftAuthenticator, flags: int
) -> None:
    """Signed by the very key, as by an authenticator that asks nobody."""
    device.flags = bytes([flags])
    with pytest.raises(LoginFailedError):
        log_in()
    device.flags = b"\x05"
    assert log_in() == "id-ann"


@pytest.mark.parametrize(
    "told",
    [
        {"origin": "https://evil.example"},
        {"origin": "https://notes.example.evil.example"},
        {"origin": "http://notes.example"},
        {"origin": "https://notes.example:8443"},
        {"origin": None},
        {"type": "webauthn.create"},
        {"type": ""},
        {"crossOrigin": True},
        {"topOrigin": "https://evil.example"},
        {"challenge": encode(bytes(32))},
        {"challenge": ""},
        {"challenge": 1},
    ],
)
def test_other_client_data_does_not_log_in(log_in: Any, told: dict[str, Any]) -> None:
    with pytest.raises(LoginFailedError):
        log_in(**told)


@pytest.mark.parametrize("party", ["evil.example", "example", "www.notes.example", ""])
def test_another_relying_party_does_not_log_in(log_in: Any, device: SoftAuthenticator, party: str) -> None:
    device.party = party
    with pytest.raises(LoginFailedError):
        log_in()


def test_a_counter_that_goes_back_is_a_copy(log_in: Any, device: SoftAuthenticator) -> None:
    device.count = 10
    assert log_in() == "id-ann"
    for count in (3, 9, 10):
        device.count = count
        with pytest.raises(LoginFailedError):
            log_in()


@pytest.mark.parametrize("size", [0, 1, 31, 36])
def test_authenticator_data_that_is_cut_is_refused(log_in: Any, size: int) -> None:
    def cut(answer: dict[str, Any]) -> None:
        data = decode(answer["response"]["authenticatorData"])
        answer["response"]["authenticatorData"] = encode(data[:size])

    with pytest.raises(LoginFailedError):
        log_in(cut)


def test_the_answer_of_another_key_under_this_id_is_refused(log_in: Any, device: SoftAuthenticator) -> None:
    other = SoftAuthenticator("https://notes.example", "notes.example")
    assert other.id == device.id
    assert hashlib.sha256(other.record("x").secret).digest() != hashlib.sha256(device.record("x").secret).digest()
    device.key, kept = other.key, device.key
    with pytest.raises(LoginFailedError):
        log_in()
    device.key = kept
    assert log_in() == "id-ann"
