import pytest

from vallum.findings.finding import Confidence, Silence

SLUG = "cheap-password-hash"
HEAD = """import argon2, bcrypt, flask_bcrypt, hashlib
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from Crypto.Protocol import KDF
from passlib.context import CryptContext
from passlib.hash import bcrypt as pbcrypt, pbkdf2_sha256, scrypt as pscrypt
from werkzeug.security import generate_password_hash
ROUNDS = 8
"""


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("bcrypt.gensalt(10)", "bcrypt.gensalt()"),
        ("bcrypt.gensalt(rounds=ROUNDS)", "bcrypt.gensalt(ROUNDS + 5)"),
        ("flask_bcrypt.generate_password_hash(p, 10)", "flask_bcrypt.generate_password_hash(p)"),
        ("flask_bcrypt.Bcrypt(app).generate_password_hash(p, rounds=4)", "bcrypt.gensalt(14)"),
        ("hashlib.pbkdf2_hmac('sha256', p, s, 100_000)", "hashlib.pbkdf2_hmac('sha256', p, s, 600_000)"),
        ("hashlib.pbkdf2_hmac('sha512', p, s, 1000)", "hashlib.pbkdf2_hmac('sha512', p, s, iterations=210_000)"),
        ("hashlib.scrypt(p, salt=s, n=2**14, r=8, p=1)", "hashlib.scrypt(p, salt=s, n=2**17, r=8, p=1)"),
        ("hashlib.scrypt(p, salt=s, n=2**17, r=4, p=1)", "Scrypt(s, 32, 2**18, 8, 1)"),
        ("Scrypt(salt=s, length=32, n=2**14, r=8, p=1)", "Scrypt(salt=s, length=32, n=2**17, r=8, p=1)"),
        ("PBKDF2HMAC(algorithm=a, length=32, salt=s, iterations=1000)", "PBKDF2HMAC(a, 32, s, 600_000)"),
        ("KDF.PBKDF2(p, s)", "KDF.PBKDF2(p, s, 32, count=1_000_000)"),
        ("KDF.bcrypt(p, 10)", "KDF.bcrypt(p, 12)"),
        ("PasswordHasher(time_cost=1)", "PasswordHasher()"),
        ("PasswordHasher(memory_cost=8 * 1024)", "PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)"),
        ("PasswordHasher(type=argon2.Type.I)", "PasswordHasher(type=argon2.Type.ID)"),
        ("pbcrypt.using(rounds=10)", "pbcrypt.using(rounds=13)"),
        ("pbkdf2_sha256.hash(p)", "pbkdf2_sha256.using(rounds=600_000)"),
        ("pscrypt.hash(p)", "pscrypt.using(rounds=17)"),
        ("CryptContext(schemes=['bcrypt'], bcrypt__rounds=10)", "CryptContext(schemes=['bcrypt'])"),
        ("CryptContext(schemes=['pbkdf2_sha256'])", "CryptContext(['argon2', 'pbkdf2_sha256'])"),
        ("generate_password_hash(p)", "generate_password_hash(p, method='pbkdf2')"),
        ("generate_password_hash(p, 'pbkdf2:sha256:1000')", "generate_password_hash(p, 'scrypt:131072:8:1')"),
        ("hashlib.pbkdf2_hmac('sha256', p, b'salt', 600_000)", "hashlib.pbkdf2_hmac('sha256', p, s, 10**6)"),
    ],
)
def test_costs(lines, bad, good):
    assert lines(SLUG, f"{HEAD}x = {bad}\n")[0] == [10]
    assert lines(SLUG, f"{HEAD}x = {good}\n") == [[], [10]]


@pytest.mark.parametrize(
    "code",
    [
        "bcrypt.gensalt(int(os.environ['COST']))",
        "PasswordHasher(**options())",
        "CryptContext(schemes=load())",
        "CryptContext(schemes=['sha512_crypt'])",
        "generate_password_hash(p, method=METHOD)",
        "hashlib.pbkdf2_hmac('sha256', p, s, settings.ITERATIONS)",
    ],
)
def test_costs_that_cannot_be_told(lines, code):
    assert lines(SLUG, f"import os\n{HEAD}x = {code}\n") == [[], []]


def test_salts(judge):
    assert "salt" in judge(SLUG, f"{HEAD}x = bcrypt.hashpw(p, b'$2b$12$abcdefghijklmnopqrstuv')\n").findings[0].reason
    assert judge(SLUG, f"{HEAD}x = bcrypt.hashpw(p, stored)\n").findings == []


def test_a_default_below_the_floor_is_less_certain(judge):
    assert [found.confidence for found in judge(SLUG, f"{HEAD}generate_password_hash(p)\n").findings] == [
        Confidence.MEDIUM
    ]


def test_the_guard_and_django_are_sound(lines):
    assert lines(SLUG, "from vallum.guard.authentication.passwords import PasswordHasher\np = PasswordHasher()\n") == [
        [],
        [2],
    ]
    assert lines(SLUG, "from django.contrib.auth.hashers import make_password\nx = make_password(p)\n") == [[], [2]]


def test_tests_and_projects_without_hashes(judge, lines):
    assert lines(SLUG, {"tests/test_a.py": "import bcrypt\nbcrypt.gensalt(4)\n"}) == [[], []]
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
