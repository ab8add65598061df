import pytest

SLUG = "jwt-tells-secrets"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """import jwt, time, secrets
def issue(user):
    claims = {'sub': user, 'email': user.email}
    return jwt.encode(claims, KEY, 'ES256')
""",
            """import jwt, time, secrets
def issue(user):
    claims = {'sub': user, 'scope': 'read'}
    return jwt.encode(claims, KEY, 'ES256')
""",
        ),
        (
            """import jwt, time, secrets
def issue(user):
    claims = {'sub': user.id, **user}
    return jwt.encode(claims, KEY, 'ES256')
""",
            """import jwt, time, secrets
def issue(user):
    claims = {'sub': user.id, 'email_verified': True}
    return jwt.encode(claims, KEY, 'ES256')
""",
        ),
        (
            """import jwt
def issue(user):
    return jwt.encode(user.model_dump(), KEY)
""",
            """import jwt
def issue(user):
    return jwt.encode(dict(sub=user.id), KEY)
""",
        ),
    ],
)
def test_bad_is_found_and_its_sound_twin_is_not(judge, bad, good):
    assert judge(SLUG, bad).findings
    judged = judge(SLUG, good)
    assert not judged.findings
    assert judged.sites


def test_a_project_without_its_subject_is_silent(judge):
    judged = judge(SLUG, "def add(left, right):\n    return left + right\n")
    assert not judged.findings
    assert not judged.sites
    assert judged.silences
