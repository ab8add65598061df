import pytest

from vallum.findings.finding import Silence

SLUG = "unchecked-environment-secret"
HEAD = "import os, environ\nfrom decouple import config; from a.b import require_secret\nenv = environ.Env()\n"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("SECRET_KEY = os.environ.get('SECRET_KEY', 'dev')", True),
        ("SECRET_KEY = os.getenv('SECRET_KEY')", True),
        ("API_KEY = os.environ.get('API_KEY') or 'letmein'", True),
        ("SECRET_KEY = config('SECRET_KEY', default='x1')", True),
        ("SECRET_KEY = env('SECRET_KEY', default='x1')", True),
        ("SECRET_KEY = os.environ['SECRET_KEY']", False),
        ("SECRET_KEY = config('SECRET_KEY')", False),
        ("SECRET_KEY = env('SECRET_KEY')", False),
        ("SECRET_KEY = require_secret('SECRET_KEY')", False),
        ("PAGE_SIZE = os.environ.get('PAGE_SIZE', '20')", None),
        ("HOME = os.getenv('HOME')", None),
    ],
)
def test_reads(lines, line, found):
    assert lines(SLUG, f"{HEAD}{line}\n") == [[4] if found else [], [4] if found is False else []]


def test_a_check_that_follows(lines):
    code = f"{HEAD}KEY = os.environ.get('SECRET_KEY')\nif not KEY:\n    raise RuntimeError('SECRET_KEY is not set')\n"
    assert lines(SLUG, code) == [[], [4]]


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("signing_key: SecretStr = SecretStr('')", True),
        ("signing_key: str | None = None", True),
        ("signing_key: str = Field(default='abc')", True),
        ("signing_key: SecretStr", False),
        ("signing_key: SecretStr = Field(min_length=32)", False),
        ("log_level: str = 'info'", None),
    ],
)
def test_settings_classes(lines, field, found):
    code = f"from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    {field}\n"
    assert lines(SLUG, code) == [[3] if found else [], [3] if found is False else []]


def test_compose(lines):
    name = "compose.yaml"
    assert lines(SLUG, {name: "A: ${SECRET_KEY:-dev}\n"}) == [[f"{name}:1"], []]
    assert lines(SLUG, {name: "A: ${SECRET_KEY:?missing}\n"}) == [[], [f"{name}:1"]]
    assert lines(SLUG, {name: "A: ${PORT:-8000}\nB: ${SECRET_KEY}\n"}) == [[], []]


def test_projects_without_secrets(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
