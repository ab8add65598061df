import pytest

SLUG = "session-kept-across-login"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """from flask import session
def log_in(user):
    session['user_id'] = user.id
""",
            """from flask import session
def log_in(user):
    session.clear()
    session['user_id'] = user.id
""",
        ),
        (
            """def log_in(request, user):
    request.session['user_id'] = user.id
    request.session.cycle_key()
""",
            """def log_in(request, user):
    request.session.cycle_key()
    request.session['user_id'] = user.id
""",
        ),
        (
            """from django.contrib.auth import SESSION_KEY
def log_in(request, user):
    request.session[SESSION_KEY] = user.pk
""",
            """from django.contrib.auth import login
def log_in(request, user):
    login(request, user)
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
