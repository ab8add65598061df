import pytest

SLUG = "long-idle-session"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """from datetime import timedelta
app.config['PERMANENT_SESSION_LIFETIME'] = timedelta(hours=8)
""",
            """from datetime import timedelta
app.config['PERMANENT_SESSION_LIFETIME'] = timedelta(minutes=20)
""",
        ),
        (
            """SESSION_COOKIE_AGE = 60 * 60 * 24
""",
            """SESSION_COOKIE_AGE = 60 * 30
""",
        ),
        (
            """from starlette.middleware.sessions import SessionMiddleware
app.add_middleware(SessionMiddleware, secret_key=key)
""",
            """from starlette.middleware.sessions import SessionMiddleware
app.add_middleware(SessionMiddleware, secret_key=key, max_age=1800)
""",
        ),
        (
            """def keep(store, session_id, data):
    store.setex(f'session:{session_id}', 1800, data)
def load(store, session_id):
    return store.get(f'session:{session_id}')
""",
            """def keep(store, session_id, data):
    store.setex(f'session:{session_id}', 1800, data)
def load(store, session_id):
    return store.getex(f'session:{session_id}', ex=1800)
""",
        ),
        (
            """LIFE = 7200
def keep(store, session_id, data):
    store.set(f'session:{session_id}', data, ex=LIFE)
""",
            """LIFE = 900
def keep(store, session_id, data):
    store.set(f'session:{session_id}', data, ex=LIFE)
    store.expire(session_id, LIFE)
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
