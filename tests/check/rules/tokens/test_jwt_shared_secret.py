import pytest

from vallum.findings.finding import Confidence, Silence

SLUG = "jwt-shared-secret"
HEAD = """import os
import jwt
from authlib.jose import jwt as authlib_jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jose import jwt as jose_jwt
from joserfc import jwt as joserfc_jwt
from app.config import settings
ALGORITHM = "HS512"
HEADER = {"alg": "HS256"}
"""


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ('jwt.encode(c, KEY, algorithm="HS256")', 'jwt.encode(c, KEY, algorithm="ES256")'),
        ('jwt.encode(c, KEY, "hs384")', 'jwt.encode(c, KEY, "EdDSA")'),
        ("jwt.encode(c, KEY)", 'jwt.encode(c, open("key.pem").read(), algorithm="RS256")'),
        ("jwt.encode(c, KEY, algorithm=ALGORITHM)", 'jwt.encode(c, signing_key(), algorithm="PS256")'),
        ('jwt.encode(c, KEY, algorithm="none")', 'jose_jwt.encode(c, KEY, algorithm="RS256")'),
        ("jose_jwt.encode(c, KEY)", 'jose_jwt.encode(c, KEY, "ES256")'),
        ('joserfc_jwt.encode({"alg": "HS256"}, c, KEY)', 'joserfc_jwt.encode({"alg": "ES256", "kid": k}, c, KEY)'),
        ("authlib_jwt.encode(HEADER, c, KEY)", 'authlib_jwt.encode({"alg": "EdDSA"}, c, KEY)'),
        (
            'jwt.encode(c, os.environ["JWT_SECRET"], algorithm="RS256")',
            'jwt.encode(c, os.environ["JWT_PRIVATE_KEY"], algorithm="RS256")',
        ),
        (
            'jwt.encode(c, os.getenv("JWT_SECRET"), algorithm="ES256")',
            'jwt.encode(c, os.getenv("JWT_SECRET_PEM"), algorithm="ES256")',
        ),
        (
            'jwt.encode(c, settings.jwt_secret, algorithm="ES256")',
            'jwt.encode(c, settings.secret.private_key, algorithm="ES256")',
        ),
        ("rsa.generate_private_key(65537, 1024)", "rsa.generate_private_key(public_exponent=65537, key_size=3072)"),
    ],
)
def test_signing(lines, bad, good):
    assert lines(SLUG, f"{HEAD}x = {bad}\n") == [[10], []]
    assert lines(SLUG, f"{HEAD}x = {good}\n") == [[], [10]]


@pytest.mark.parametrize(
    "unclear",
    [
        "jwt.encode(c, KEY, algorithm=settings.algorithm)",
        "jwt.encode(**settings.call)",
        "joserfc_jwt.encode(header, c, KEY)",
        "rsa.generate_private_key(65537, settings.bits)",
        'jwt.decode(t, KEY, algorithms=["HS256"])',
    ],
)
def test_what_cannot_be_told_is_left_alone(lines, unclear):
    assert lines(SLUG, f"{HEAD}x = {unclear}\n") == [[], []]


def test_a_secret_is_followed_to_where_it_was_read(lines):
    text = 'import jwt, os\nKEY = os.environ["TOKEN_SECRET"]\nx = jwt.encode(c, KEY, algorithm="RS256")\n'
    assert lines(SLUG, text) == [[3], []]


def test_a_name_alone_is_less_than_an_algorithm(judge):
    by_name = judge(SLUG, 'import jwt\nx = jwt.encode(c, secret, algorithm="RS256")\n').findings[0]
    by_algorithm = judge(SLUG, 'import jwt\nx = jwt.encode(c, secret, algorithm="HS256")\n').findings[0]
    assert (by_name.confidence, by_algorithm.confidence) == (Confidence.MEDIUM, Confidence.HIGH)


def test_tests_may_sign_as_they_like(lines):
    text = "import jwt\nfrom cryptography.hazmat.primitives.asymmetric import rsa\n"
    text += 'jwt.encode(c, "k")\nrsa.generate_private_key(65537, 512)\n'
    assert lines(SLUG, {"tests/test_app.py": text}) == [[], []]


def test_a_project_without_tokens_is_told_apart(judge):
    (silence,) = judge(SLUG, "import flask\n").silences
    assert silence.silence is Silence.DOES_NOT_APPLY
    assert not judge(SLUG, "import jwt\n").silences
