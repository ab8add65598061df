import pytest

SLUG = "guessable-session-id"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """import random
def begin():
    session_id = str(random.random())
    return session_id
""",
            """import secrets
def begin():
    session_id = secrets.token_urlsafe(32)
    return session_id
""",
        ),
        (
            """import secrets
def new_session_id():
    return secrets.token_hex(16)
""",
            """import secrets
def new_session_id():
    return secrets.token_hex(32)
""",
        ),
        (
            """SESSION_ID_LENGTH = 16
""",
            """SESSION_ID_LENGTH = 32
""",
        ),
        (
            """import hashlib, time
def make_session_key(user):
    return hashlib.sha256(f'{user}{time.time()}'.encode()).hexdigest()
""",
            """import hashlib, secrets
def begin(user):
    sid = hashlib.sha256(secrets.token_bytes(32)).hexdigest()
    return sid, 'session'
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
