import pytest

from vallum.findings.finding import Silence

SLUG = "unauthenticated-cipher"
HEAD = """import hashlib, hmac, os, secrets
from Crypto.Cipher import AES, Blowfish, DES3
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
IV = bytes(12)
ONCE = os.urandom(12)
def seal(key, data, iv):
"""


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("Cipher(algorithms.AES(key), modes.ECB())", "Cipher(algorithms.AES(key), modes.GCM(iv))"),
        ("Cipher(algorithms.AES(key), modes.CBC(iv))", "hmac.new(key, Cipher(a, modes.CBC(iv)).x(), 'sha256')"),
        ("Cipher(algorithms.AES(key), modes.CTR(iv))", "modes.GCM(os.urandom(12))"),
        ("AES.new(key, AES.MODE_CBC, iv)", "AES.new(key, AES.MODE_GCM, nonce=iv)"),
        ("AES.new(key, AES.MODE_ECB)", "AES.new(key, AES.MODE_EAX)"),
        ("DES3.new(key, DES3.MODE_ECB)", "AES.new(key, AES.MODE_SIV)"),
        ("Blowfish.new(key, Blowfish.MODE_EAX)", "Fernet(key)"),
        ("AESGCM(key).encrypt(IV, data, None)", "AESGCM(key).encrypt(iv, data, None)"),
        ("AESGCM(key).encrypt(ONCE, data, None)", "AESGCM(key).encrypt(os.urandom(12), data, None)"),
        (
            "AESGCM(key).encrypt(os.environ['IV'], data, None)",
            "AESGCM(key).encrypt(secrets.token_bytes(12), data, b'n')",
        ),
        ("ChaCha20Poly1305(key).encrypt(b'0' * 12, data, b'')", "ChaCha20Poly1305(key).encrypt(iv, data, b'')"),
        ("AES.new(key, AES.MODE_GCM, nonce=iv, mac_len=4)", "AES.new(key, AES.MODE_GCM, nonce=iv, mac_len=16)"),
        ("AESGCM.generate_key(bit_length=128)", "AESGCM(key).encrypt(iv, data, b'')"),
        ("algorithms.TripleDES(key)", "modes.GCM(iv, None, 16)"),
    ],
)
def test_ciphers(lines, bad, good):
    assert lines(SLUG, f"{HEAD}    return {bad}\n") == [[9], []]
    assert lines(SLUG, f"{HEAD}    return {good}\n") == [[], [9]]


def test_a_nonce_that_is_given_fresh_by_name(lines):
    code = f"{HEAD}    nonce = os.urandom(12)\n    return nonce + AESGCM(key).encrypt(nonce, data, b'')\n"
    assert lines(SLUG, code) == [[], [10]]
    code = f"{HEAD}    nonce = b'fixed nonce!'\n    return AESGCM(key).encrypt(nonce, data, b'')\n"
    assert lines(SLUG, code) == [[10], []]


def test_tests_and_projects_without_ciphers(judge, lines):
    assert lines(SLUG, {"tests/test_a.py": f"{HEAD}    return modes.ECB()\n"}) == [[], []]
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
