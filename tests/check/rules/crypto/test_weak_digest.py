import pytest

from vallum.findings.finding import Confidence, Silence

SLUG = "weak-digest"
HEAD = """import hashlib, hmac
from Crypto.Hash import MD5
from cryptography.hazmat.primitives import hashes
from django.contrib.auth.hashers import make_password
"""


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("hashlib.md5(data)", "hashlib.sha256(data)"),
        ("hashlib.sha1(data)", "hashlib.sha1(data, usedforsecurity=False)"),
        ("hashlib.new('sha1', data)", "hashlib.new('sha512', data)"),
        ("hashlib.new('MD5', data)", "hashlib.new('SHA3-256', data)"),
        ("hashlib.file_digest(stream, 'sha1')", "hashlib.file_digest(stream, hashlib.sha256)"),
        ("hmac.new(key, body, 'md5')", "hmac.new(key, body, 'sha256')"),
        ("hmac.new(key, body, hashlib.md5)", "hmac.new(key, body, hashlib.sha256)"),
        ("hmac.digest(key, body, 'md5')", "hmac.digest(key, body, 'sha256')"),
        ("hashlib.sha256(secret + body)", "hashlib.sha256(body + salt)"),
        ("hashlib.sha256(api_key.encode() + b':' + body)", "hashlib.sha256(cache_key + body)"),
        ("hashlib.sha512(password.encode())", "hashlib.sha512(password_token.encode())"),
        ("MD5.new(data)", "hashlib.blake2b(data)"),
    ],
)
def test_digests(lines, bad, good):
    assert lines(SLUG, f"{HEAD}x = {bad}\n") == [[5], []]
    assert lines(SLUG, f"{HEAD}x = {good}\n") == [[], [5]]


def test_other_libraries(lines):
    assert lines(SLUG, f"{HEAD}x = hashes.Hash(hashes.SHA1())\n") == [[5], []]
    assert lines(SLUG, f"{HEAD}x = hashes.Hash(hashes.SHA256())\n") == [[], []]
    assert lines(SLUG, f"{HEAD}x = make_password(p, hasher='md5')\n") == [[5], []]
    assert lines(SLUG, f"{HEAD}x = make_password(p)\n") == [[], []]


def test_hmac_with_sha1_is_less_certain(judge):
    found = judge(SLUG, f"{HEAD}x = hmac.new(key, body, 'sha1')\n").findings
    assert [remark.confidence for remark in found] == [Confidence.MEDIUM]


@pytest.mark.parametrize(("name", "found"), [("is_pwned", False), ("totp", False), ("fingerprint", True)])
def test_what_a_protocol_prescribes(lines, name, found):
    code = f"import hashlib\ndef {name}(value):\n    return hashlib.sha1(value)\n"
    assert lines(SLUG, code) == ([[3], []] if found else [[], [3]])


def test_a_digest_before_a_slow_hash(lines):
    code = "import bcrypt, hashlib\ndef store(password):\n    return {}(hashlib.sha256(password.encode()).digest())\n"
    assert lines(SLUG, code.format("bcrypt.hashpw")) == [[], [3]]
    assert lines(SLUG, code.format("save")) == [[3], []]


def test_what_cannot_be_told(lines):
    assert lines(SLUG, f"{HEAD}x = hashlib.new(name, data)\ny = hmac.new(key, body, digest)\n") == [[], []]


def test_tests_and_projects_without_digests(judge, lines):
    assert lines(SLUG, {"tests/test_a.py": "import hashlib\nhashlib.md5(b'')\n"}) == [[], []]
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
