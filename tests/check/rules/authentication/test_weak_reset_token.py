import pytest

SLUG = "weak-reset-token"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """import random
def start_reset(user):
    token = str(random.randint(0, 999999))
    send(token)
""",
            """import secrets
def start_reset(user):
    token = secrets.token_urlsafe(32)
    send(token)
""",
        ),
        (
            """import secrets
def forgot(user):
    code = secrets.token_hex(4)
    send(code)
""",
            """import secrets
def forgot(user):
    code = secrets.token_hex(20)
    send(code)
""",
        ),
        (
            """from flask import request
def send_reset(user, token):
    mail(f'https://{request.host}/reset/{token}')
""",
            """import secrets
def send_reset(user):
    token = secrets.token_urlsafe(32)
    mail(f'{SITE}/reset/{token}')
""",
        ),
        (
            """import uuid
def recover_token():
    return uuid.uuid1().hex
""",
            """import secrets
def recover_token():
    return secrets.token_urlsafe(32)
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
