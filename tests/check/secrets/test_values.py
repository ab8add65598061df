import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.check.secrets.names import secret_kind, split_words
from vallum.check.secrets.values import is_placeholder, is_random, judge_value


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("password", "password"),
        ("DB_PASSWORD", "password"),
        ("dbPassword", "password"),
        ("password1", "password"),
        ("smtp_pass", "password"),
        ("DEMO_PASSWORDS", "password"),
        ("clientSecret", "secret"),
        ("JWT_SECRET", "secret"),
        ("SECRET_KEY", "key"),
        ("SECRET_KEY_FALLBACKS", "key"),
        ("secret_key_base", "key"),
        ("AWSSecretAccessKey", "key"),
        ("API_KEYS", "key"),
        ("ACCESS_TOKEN", "token"),
        ("apikey", "token"),
        ("api_key_default", "key"),
        ("key", ""),
        ("pass", ""),
        ("public_key", ""),
        ("primary_key", ""),
        ("password_file", ""),
        ("password_hash", ""),
        ("token_url", ""),
        ("secret_name", ""),
        ("compass", ""),
        ("", ""),
        ("__", ""),
    ],
)
def test_names(name, kind):
    assert secret_kind(name) == kind


def test_words():
    assert split_words("HTTPServerKey2_x-y") == ("http", "server", "key", "x", "y")


SECRETS = [
    "hunter2-7f3a",
    "b7c1e0f4a95d4c3e8a2f6d1097e5c3ab",
    "Wm-smtp-4c81ff02",
    "n0tes-s1gning-key-2019",
    "tulip-harbour!",
]
HARMLESS = [
    "",
    "None",
    "changeme",
    "change-me-123",
    "your-password-1",
    "<password>",
    "${PASSWORD}",
    "{{ password }}",
    "%(pw)s",
    "xxxxxx",
    "******",
    "example123",
    "Enter your password",
    "password",
    "auth.token",
    "X-Auth-Token",
    "access_token",
    "DB_PASSWORD",
    "/run/secrets/db_password",
    "./key.pem",
    "https://a.example/1",
    "db-password",
    "notes-jwt-secret",
    "aaaaaa1",
    "test",
    "ab",
    "$2b$12$abcdefghijk",
    "pbkdf2_sha256$1$a$b",
    "get_password()",
    "swordfish",
]


@pytest.mark.parametrize("value", SECRETS)
def test_secrets(value):
    assert judge_value("DB_PASSWORD", "password", value, sure=False)


@pytest.mark.parametrize("value", HARMLESS)
def test_harmless_values(value):
    assert judge_value("NEW_PASSWORD", "password", value, sure=False) is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("notes-jwt-secret", True),
        ("swordfish", True),
        ("admin", True),
        ("changeme", False),
        ("db-password-", False),
        ("", False),
        ("DB_PASSWORD", False),
    ],
)
def test_where_it_can_be_nothing_but_a_value(value, found):
    assert (judge_value("DB_PASSWORD", "password", value, sure=True) is not None) is found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("f3Kq8ZtLw2VxN7pRy5Bc1JmD", True),
        ("sync-worker-5d41402abc4b", True),
        ("abc123", False),
        ("identifier-list", False),
    ],
)
def test_tokens_need_more(value, found):
    assert (judge_value("token", "token", value, sure=False) is not None) is found


@pytest.mark.parametrize(
    ("value", "drawn"),
    [
        ("f3Kq8ZtLw2VxN7pRy5Bc1JmD", True),
        ("b7c1e0f4a95d4c3e8a2f6d1097e5c3ab", True),
        ("correct-horse-battery-1", False),
        ("short1", False),
        ("aaaaaaaaaaaaaaaaaaaa11", False),
        ("a-secret-for-tests-1234567", False),
    ],
)
def test_randomness(value, drawn):
    assert is_random(value) is drawn


@given(st.text(max_size=80), st.booleans())
def test_no_text_breaks_the_judgement(value, sure):
    judge_value("password", "password", value, sure=sure)
    assert is_placeholder(value) in {True, False}
