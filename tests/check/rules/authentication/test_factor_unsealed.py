import pytest

SLUG = "factor-unsealed"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """import pyotp
def start(user):
    user.totp_secret = pyotp.random_base32()
""",
            """import pyotp
def start(user):
    user.totp_secret = encrypt(pyotp.random_base32())
""",
        ),
        (
            """import pyotp
from app.models import Factor
def start(user):
    secret = pyotp.random_base32()
    Factor(mfa_secret=secret)
""",
            """import pyotp
from app.models import Factor
def start(user):
    secret = seal(pyotp.random_base32())
    Factor(mfa_secret=secret)
""",
        ),
        (
            """import pyotp
def start(user):
    user.totp_sealed = seal(pyotp.random_base32())
    user.mfa_enabled = True
""",
            """import pyotp
def start(user):
    user.totp_sealed = seal(pyotp.random_base32())

def confirm(user, code):
    user.mfa_enabled = True
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
