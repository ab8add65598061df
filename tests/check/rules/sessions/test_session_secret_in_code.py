import pytest

SLUG = "session-secret-in-code"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """app.secret_key = 'abc'
""",
            """import os
app.secret_key = os.environ['SESSION_SECRET']
""",
        ),
        (
            """import os
SECRET_KEY = os.getenv('SECRET_KEY', 'dev')
""",
            """import os
SECRET_KEY = os.environ['SECRET_KEY']
""",
        ),
        (
            """import os
SECRET_KEY = os.environ.get('SECRET_KEY') or 'changeme'
""",
            """SECRET_KEY = required('SECRET_KEY')
""",
        ),
        (
            """import os
app.config['SECRET_KEY'] = os.environ['JWT_SECRET']
""",
            """import os
app.config['SECRET_KEY'] = os.environ['SESSION_SECRET']
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
