import pytest

SLUG = "failures-uncounted"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
@router.post('/login')
def log_in(form):
    return begin() if verify(form.password, stored()) else None
""",
            """from fastapi import APIRouter, Depends, HTTPException
router = APIRouter()
@router.post('/login')
def log_in(form):
    if not verify(form.password, stored()):
        record_failure(form)
    return begin()
""",
        ),
        (
            """AXES_COOLOFF_TIME = None
""",
            """AXES_COOLOFF_TIME = 1
""",
        ),
        (
            """AXES_FAILURE_LIMIT = 1000
""",
            """AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 1
""",
        ),
        (
            """def note(user):
    user.failures += 1
    if user.failures > 5:
        user.locked = True
""",
            """def note(user):
    user.failed_logins += 1
    if user.failed_logins > 5:
        user.locked_until = now() + COOL
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
