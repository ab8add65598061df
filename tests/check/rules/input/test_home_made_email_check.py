import pytest

SLUG = "home-made-email-check"
HEAD = """import re
from email_validator import validate_email
def test_it(email, name, url):
    return {}
"""


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        (r"re.match(r'[^@]+@[^@]+\.[^@]+', email)", "validate_email(email)"),
        (r"re.compile(r'^[\w.]+@[\w-]+\.\w+$')", r"re.compile(r'^https?://[^@]+@[\w.]+$')"),
        ("email.split('@')[1]", "email.rpartition('@')[2]"),
        ("email.endswith('example.com')", "email.endswith('@example.com')"),
        ("email.lower().endswith(('a.example', 'b.example'))", "name.endswith('.example.com')"),
        ("'@' in email", "'@' in name"),
        ("email.split('@', 1)[1]", "url.split('?')[1]"),
    ],
)
def test_addresses(lines, bad, good):
    assert lines(SLUG, HEAD.format(bad))[0] == [4]
    assert lines(SLUG, HEAD.format(good))[0] == []


def test_types_that_parse(lines):
    text = """
        from pydantic import BaseModel, EmailStr

        class Registration(BaseModel):
            email: EmailStr
    """
    assert lines(SLUG, text) == [[], [4]]


def test_without_addresses_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
