import pytest

SLUG = "weak-password-policy"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (
            """class Registration(BaseModel):
    password: str = Field(min_length=6)
""",
            """class Registration(BaseModel):
    password: str = Field(min_length=12)
""",
        ),
        (
            """from typing import Annotated
class SignUp(BaseModel):
    password: Annotated[str, Field(min_length=15, max_length=32)]
""",
            """from typing import Annotated
class SignUp(BaseModel):
    password: Annotated[str, Field(min_length=15, max_length=128)]
""",
        ),
        (
            """class Form(FlaskForm):
    new_password = PasswordField('New', validators=[Length(min=8)])
""",
            """class Form(FlaskForm):
    new_password = PasswordField('New', validators=[Length(min=15)])
""",
        ),
        (
            """def check(password):
    return len(password) >= 8
""",
            """def check(password):
    return len(password) >= 14
""",
        ),
        (
            """def check(password):
    if 8 > len(password):
        raise ValueError
""",
            """def check(password):
    if 14 > len(password):
        raise ValueError
    if len(password) > 128:
        raise ValueError
""",
        ),
        (
            """import re
def check(password):
    return re.search('[A-Z]', password)
""",
            """import zxcvbn
def check(password):
    return zxcvbn.zxcvbn(password)
""",
        ),
        (
            """def check(password):
    return any(c.isupper() for c in password)
""",
            """def check(password):
    return len(password) >= 15 and password.lower() not in COMMON
""",
        ),
        (
            """def keep(user, form):
    password = form['password'].strip()
    user.set_password(password)
""",
            """def keep(user, password):
    if not password.strip() or len(password) < 15:
        raise ValueError
    user.set_password(password)
""",
        ),
        (
            """AUTH_PASSWORD_VALIDATORS = []  # no password rules
""",
            """AUTH_PASSWORD_VALIDATORS = [
    {'NAME': 'django.contrib.auth.password_validation.MinimumLengthValidator', 'OPTIONS': {'min_length': 12}}
]
""",
        ),
        (
            """SECURITY_PASSWORD_LENGTH_MIN = 8
SECURITY_PASSWORDLESS = False
password = None
""",
            """SECURITY_PASSWORD_LENGTH_MIN = 12
password = None
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
