import pytest

from vallum.findings.finding import Silence

SLUG = "jwt-claims-unchecked"
HEAD = """import jwt
from authlib.jose import jwt as authlib_jwt
from jose import jwt as jose_jwt
from joserfc import jwt as joserfc_jwt
from app.config import settings
REQUIRED = ["exp", "iat", "nbf", "iss", "aud", "sub", "jti"]
OPTIONS = {"require": REQUIRED}
"""
NAMED = 'algorithms=["ES256"], audience=settings.audience, issuer="https://id.example"'
ALL = f"{NAMED}, options=OPTIONS"
JOSE = ", ".join(f'"require_{name}": True' for name in ("exp", "iat", "nbf", "iss", "aud", "sub", "jti"))


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ('jwt.decode(t, KEY, algorithms=["ES256"])', f"jwt.decode(t, KEY, {ALL})"),
        (f"jwt.decode(t, KEY, {NAMED})", f'jwt.decode(t, KEY, {NAMED}, options={{"require": REQUIRED}})'),
        (
            'jwt.decode(t, KEY, ["ES256"], OPTIONS, issuer=ISSUER)',
            'jwt.decode(t, KEY, ["ES256"], OPTIONS, issuer=ISSUER, audience=AUDIENCE)',
        ),
        (
            'jwt.decode(t, KEY, ["ES256"], OPTIONS, audience=AUDIENCE)',
            'jwt.decode_complete(t, KEY, ["ES256"], OPTIONS, audience=[AUDIENCE], issuer=[ISSUER])',
        ),
        (f"jwt.decode(t, KEY, {ALL}, leeway=600)", f"jwt.decode(t, KEY, {ALL}, leeway=60)"),
        (
            f'jwt.decode(t, KEY, {NAMED}, options={{"require": REQUIRED, "verify_aud": False}})',
            f'jwt.decode(t, KEY, {NAMED}, options={{"require": REQUIRED, "verify_aud": True}})',
        ),
        (
            f'jwt.decode(t, KEY, {NAMED}, options={{"require": ["exp", "iat"]}})',
            f'jwt.decode(id_token, KEY, {NAMED}, options={{"require": ["exp", "iat", "iss", "aud", "sub"]}})',
        ),
        (
            f'jwt.decode(id_token, KEY, {NAMED}, options={{"require": ["exp"]}})',
            f'jwt.decode(t, KEY, {NAMED}, options={{"require": ["nonce", "exp", "iat", "iss", "aud", "sub"]}})',
        ),
        (f"jose_jwt.decode(t, KEY, {NAMED})", f"jose_jwt.decode(t, KEY, {NAMED}, options={{{JOSE}}})"),
        (
            "jwt.decode(t, KEY, ['ES256'], OPTIONS, audience=None, issuer=ISSUER)",
            f"jwt.decode(t, KEY, {ALL}, leeway=0)",
        ),
    ],
)
def test_readings(lines, bad, good):
    assert lines(SLUG, f"{HEAD}x = {bad}\n") == [[8], []]
    assert lines(SLUG, f"{HEAD}x = {good}\n") == [[], [8]]


@pytest.mark.parametrize(
    "unclear",
    [
        f"jwt.decode(t, KEY, {NAMED}, options=settings.options)",
        f'jwt.decode(t, KEY, {NAMED}, options={{"require": settings.required}})',
        "jwt.decode(t, KEY, **settings.checks)",
        'jwt.decode(t, KEY, options={"verify_signature": False})',
        "jose_jwt.get_unverified_claims(t)",
    ],
)
def test_what_cannot_be_told_is_not_found(lines, unclear):
    assert lines(SLUG, f"{HEAD}x = {unclear}\n")[0] == []


def test_the_reason_lists_all_that_is_missing(judge):
    (finding,) = judge(
        SLUG, f'{HEAD}x = jwt.decode(t, KEY, ["ES256"], options={{"require": ["exp", "sub"]}})\n'
    ).findings
    assert finding.reason == (
        "no audience is named; no issuer is named; a token without iat, nbf, iss, aud, jti is accepted."
    )


@pytest.mark.parametrize("library", ["joserfc_jwt", "authlib_jwt"])
def test_libraries_that_check_claims_in_a_call_of_their_own(lines, library):
    assert lines(SLUG, f"{HEAD}x = {library}.decode(t, KEY)\n") == [[8], []]
    assert lines(SLUG, f"{HEAD}x = {library}.decode(t, KEY)\nx.validate()\n") == [[], []]


def test_times_without_a_zone(lines):
    text = """
    from datetime import UTC, datetime, timedelta
    claims = {"iat": datetime.utcnow(), "exp": datetime.now(UTC) + timedelta(minutes=15)}
    claims["nbf"] = datetime.utcnow()
    row = {"created": datetime.utcnow()}
    """
    assert lines(SLUG, text) == [[2, 3], []]
    assert lines(SLUG, {"tests/test_a.py": text}) == [[], []]


def test_a_project_without_tokens_is_told_apart(judge):
    (silence,) = judge(SLUG, "import flask\n").silences
    assert silence.silence is Silence.DOES_NOT_APPLY
    assert not judge(SLUG, "import jwt\n").silences
