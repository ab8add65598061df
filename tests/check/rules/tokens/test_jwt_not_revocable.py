import pytest

SLUG = "jwt-not-revocable"


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
    claims = {'sub': user, 'jti': secrets.token_hex(16)}
    return jwt.encode(claims, KEY, 'ES256')
""",
        ),
        (
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
@router.post('/logout')
def logout(claims=Depends(bearer)):
    return {}
""",
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
@router.post('/logout')
def logout(claims=Depends(bearer)):
    revoke(claims)
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
