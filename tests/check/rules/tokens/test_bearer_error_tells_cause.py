import pytest

SLUG = "bearer-error-tells-cause"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
import jwt
def who(token):
    try:
        return jwt.decode(token, KEY)
    except jwt.ExpiredSignatureError:
        raise HTTPException(401, 'Token expired')
""",
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
import jwt
def who(token):
    try:
        return jwt.decode(token, KEY)
    except jwt.InvalidTokenError:
        raise HTTPException(401, 'Unauthorized')
""",
        ),
        (
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
import jwt
def who(token):
    try:
        return jwt.decode(token, KEY)
    except Exception as error:
        raise HTTPException(401, str(error))
""",
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
import jwt
def who(token):
    try:
        return jwt.decode(token, KEY)
    except Exception:
        raise HTTPException(401)
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
