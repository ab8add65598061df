import pytest

SLUG = "client-side-session"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """from flask import session
def log_in(user):
    session['user_id'] = user.id
""",
            """from flask import session
SESSION_TYPE = 'redis'
def log_in(user):
    session['user_id'] = user.id
""",
        ),
        (
            """SESSION_ENGINE = 'django.contrib.sessions.backends.signed_cookies'
""",
            """SESSION_ENGINE = 'django.contrib.sessions.backends.db'
""",
        ),
        (
            """SESSION_SERIALIZER = 'django.contrib.sessions.serializers.PickleSerializer'
""",
            """SESSION_SERIALIZER = 'django.contrib.sessions.serializers.JSONSerializer'
""",
        ),
        (
            """import redis
sessions = redis.Redis.from_url('redis://cache.internal:6379')
""",
            """import redis
sessions = redis.Redis.from_url('rediss://cache.internal:6379')
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
