import pytest

SLUG = "totp-replayed"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """import pyotp
def check(user, code):
    return pyotp.TOTP(user.key).verify(code, valid_window=3)
""",
            """import pyotp
def check(user, code):
    return pyotp.TOTP(user.key).verify(code, valid_window=1) and user.spend_step(code)
""",
        ),
        (
            """import pyotp
def check(user, code):
    return pyotp.TOTP(user.key).verify(code)
""",
            """import pyotp
def check(user, code):
    if code == user.last_code:
        return False
    return pyotp.TOTP(user.key).verify(code)
""",
        ),
        (
            """import pyotp
def check(user, code):
    return pyotp.TOTP(user.key).now() == code
""",
            """import pyotp
def check(user, code):
    right = pyotp.TOTP(user.key).now() == code
    return right and remember_code(user, code)
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
