import pytest

SLUG = "refresh-token-reused"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
@router.post('/token/refresh')
def refresh(sent):
    return {'access_token': issue(read(sent))}
""",
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
@router.post('/token/refresh')
def refresh(sent):
    user, following = rotate(sent)
    return {'access_token': issue(user), 'refresh_token': following}
""",
        ),
        (
            """JWT_REFRESH_TOKEN_EXPIRES = 60 * 86400
""",
            """from app import RefreshTokens
TOKENS = RefreshTokens(store)
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
