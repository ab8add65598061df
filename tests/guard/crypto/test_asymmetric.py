import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.crypto.asymmetric import (
    SignatureRefusedError,
    generate_exchange_key,
    generate_signing_key,
    load_signing_key,
    load_verifying_key,
    sign,
    verify,
)


def private_pem(key: object) -> Secret[bytes]:
    return Secret(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def public_pem(key: object) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


@pytest.fixture(scope="module", params=["ed25519", "p256", "rsa"])
def key(request):
    return generate_signing_key(request.param)


def test_a_signature_is_of_one_key_and_one_text(key):
    public = load_verifying_key(public_pem(key))
    signature = sign(load_signing_key(private_pem(key)), b"report")
    verify(public, signature, b"report")
    other = generate_signing_key("ed25519" if len(signature) == 64 else "p256").public_key()
    for wrong in ((public, signature, b"Report"), (public, signature[:-1] + bytes([signature[-1] ^ 1]), b"report"),
                  (public, b"", b"report"), (other, signature, b"report")):  # fmt: skip
        with pytest.raises(SignatureRefusedError):
            verify(*wrong)


@pytest.mark.parametrize(("kind", "bits"), [("rsa", 2048), ("dsa", 3072), ("", 4096)])
def test_new_keys_are_strong(kind, bits):
    with pytest.raises(ConfigError, match="new keys"):
        generate_signing_key(kind, bits=bits)


@pytest.mark.parametrize("first", [0, 1])
def test_an_ed25519_key_under_which_anybody_can_sign_is_none(first):
    weak = ed25519.Ed25519PublicKey.from_public_bytes(bytes([first]) + bytes(31))
    form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    with pytest.raises(ConfigError, match="not accepted"):
        load_verifying_key(weak.public_bytes(*form))


@pytest.fixture(scope="module")
def small():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def test_small_rsa_verifies_only(small):
    load_verifying_key(public_pem(small))
    with pytest.raises(ConfigError, match="not accepted"):
        load_signing_key(private_pem(small))


@pytest.mark.parametrize(
    "make",
    [
        lambda: ec.generate_private_key(ec.SECP256K1()),
        lambda: ec.generate_private_key(ec.SECP224R1()),
        ed448.Ed448PrivateKey.generate,
        lambda: dsa.generate_private_key(2048),
        generate_exchange_key,
        lambda: rsa.generate_private_key(public_exponent=65537, key_size=1024),
        lambda: rsa.generate_private_key(public_exponent=3, key_size=2048),
    ],
)
def test_other_kinds_and_sizes_are_refused(make):
    weak = make()
    for load in (lambda: load_signing_key(private_pem(weak)), lambda: load_verifying_key(public_pem(weak))):
        with pytest.raises(ConfigError, match="not accepted"):
            load()


def test_what_is_no_key_is_refused_without_an_echo():
    with pytest.raises(ConfigError) as caught:
        load_signing_key(Secret(b"-----BEGIN PRIVATE KEY-----\nhidden\n"))
    assert "hidden" not in str(caught.value)
    with pytest.raises(ConfigError):
        load_verifying_key(b"")


def test_two_sides_agree():
    ours, theirs = generate_exchange_key(), generate_exchange_key()
    assert ours.exchange(theirs.public_key()) == theirs.exchange(ours.public_key())
