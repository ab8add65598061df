import pytest

from vallum.check.secrets.urls import find_passwords
from vallum.findings.finding import Confidence


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ("postgresql+psycopg2://shop:hunter2-7f3a@db.internal/shop", "hunter2-7f3a"),
        ("postgres://shop:tulip@db:5432/shop", "tulip"),
        ("mysql://root:t0psecret@10.0.0.3/x", "t0psecret"),
        ("rediss://:Kd93-cache@cache.internal:6380/0", "Kd93-cache"),
        ("mongodb+srv://app:Zx81qq@cluster0.abc.mongodb.net/?x=1", "Zx81qq"),
        ("amqp://app:rabbit99@{HOST}/v", "rabbit99"),
        ("https://deploy:gldt-9f27c1d8e0@git.internal/a.git", "gldt-9f27c1d8e0"),
        ("git+https://u:9f27c1d8e0b3@git.internal/a.git", "9f27c1d8e0b3"),
        ("smtp://app:Mail%21box9@[::1]:25", "Mail%21box9"),
    ],
)
def test_passwords(text, password):
    assert [text[start:end] for start, end, _ in find_passwords(text)] == [password]


def test_a_password_that_is_the_name_is_a_doubt():
    assert [confidence for *_, confidence in find_passwords("amqp://guest:guest@rabbit/")] == [Confidence.LOW]


@pytest.mark.parametrize(
    "text",
    [
        "postgres://user:password@localhost/db",
        "postgres://{user}:{password}@{host}/db",
        "postgres://app:${DB_PASSWORD}@db/x",
        "postgres://app:%(password)s@db/x",
        "postgres://app:<password>@db/x",
        "postgres://app:changeme@db/x",
        "postgres://app:s3cret99@db.example.com/x",
        "http://foo:bar@internal/",
        "https://user:a%20b@internal/",
        "redis://cache:6379/0",
        "http://a.example:8000/x@y",
        "ssh://git@host/x",
        "no url",
    ],
)
def test_what_holds_no_password(text):
    assert list(find_passwords(text)) == []
