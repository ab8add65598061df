import pytest

SLUG = "jwt-long-lived"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """import jwt, time, secrets
def issue(user):
    claims = {'sub': user}
    return jwt.encode(claims, KEY, 'ES256')
""",
            """import jwt, time, secrets
def issue(user):
    claims = {'sub': user, 'exp': time.time() + 900}
    return jwt.encode(claims, KEY, 'ES256')
""",
        ),
        (
            """import jwt, time, secrets
def issue(user):
    claims = {'sub': user, 'exp': time.time() + 7 * 86400}
    return jwt.encode(claims, KEY, 'ES256')
""",
            """import jwt
from datetime import datetime, timedelta, UTC
def issue(user):
    claims = {'sub': user}
    claims['exp'] = datetime.now(UTC) + timedelta(minutes=5)
    return jwt.encode(claims, KEY, 'ES256')
""",
        ),
        (
            """import jwt
def read(token):
    return jwt.decode(token, KEY, ['ES256'], options={'verify_exp': False})
""",
            """import jwt
def read(token):
    return jwt.decode(token, KEY, ['ES256'])
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
