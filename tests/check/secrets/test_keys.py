import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from vallum.check.secrets.keys import find_keys
from vallum.findings.finding import Confidence

KEY = ec.generate_private_key(ec.SECP256R1())
PLAIN = serialization.NoEncryption()
FORMATS = serialization.PrivateFormat


def pem(key, form, lock=PLAIN):
    return key.private_bytes(serialization.Encoding.PEM, form, lock).decode()


TEXTS = [
    pem(KEY, FORMATS.PKCS8),
    pem(KEY, FORMATS.TraditionalOpenSSL),
    pem(ed25519.Ed25519PrivateKey.generate(), FORMATS.PKCS8),
    pem(KEY, FORMATS.OpenSSH),
]


@pytest.mark.parametrize("text", TEXTS)
def test_keys_that_parse(text):
    assert [(start, confidence) for start, _, confidence in find_keys(f"x\n{text}")] == [(2, Confidence.HIGH)]


@pytest.mark.parametrize("text", TEXTS)
def test_keys_in_literals(text):
    folded = text.replace("\n", "\\n")
    assert len(list(find_keys(f'KEY = "{folded}"'))) == 1
    joined = "\n".join(f'    "{line}\\n"' for line in text.splitlines())
    assert len(list(find_keys(f"KEY = (\n{joined}\n)"))) == 1


def test_encrypted_keys_are_less_certain():
    text = pem(KEY, FORMATS.PKCS8, serialization.BestAvailableEncryption(b"x" * 12))
    assert [confidence for _, _, confidence in find_keys(text)] == [Confidence.MEDIUM]
    old = pem(KEY, FORMATS.TraditionalOpenSSL, serialization.BestAvailableEncryption(b"x" * 12))
    assert [confidence for _, _, confidence in find_keys(old)] == [Confidence.MEDIUM]


def test_a_block_of_pgp():
    body = "\n".join(["Version: 1", "", "x" * 64, "y" * 64, "z" * 64, "=abcd"])
    text = f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n{body}\n-----END PGP PRIVATE KEY BLOCK-----"
    assert len(list(find_keys(text))) == 1


@pytest.mark.parametrize(
    "body",
    [
        "...",
        "MIIE...",
        "",
        "your key here",
        "bm90IGEga2V5IGF0IGFsbCBidXQgbG9uZyBlbm91Z2ggdG8gYmUgb25lIG9mIHRoZW0=",
        "!!!!",
    ],
)
def test_placeholders_are_no_keys(body):
    assert list(find_keys(f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----")) == []


def test_public_keys_are_no_secret():
    public = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()  # fmt: skip
    assert list(find_keys(public)) == []
    assert list(find_keys("-----BEGIN PRIVATE KEY-----")) == []
