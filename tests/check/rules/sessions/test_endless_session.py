import pytest

SLUG = "endless-session"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """REMEMBER_COOKIE_DURATION = 31536000
""",
            """REMEMBER_COOKIE_DURATION = 3600
""",
        ),
        (
            """import time
def rotate_session(store, session):
    session['created_at'] = time.time()
    return write(store, session)
""",
            """def rotate_session(store, session):
    return write(store, session)
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
