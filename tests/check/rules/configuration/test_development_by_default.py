import pytest

SLUG = "development-by-default"


@pytest.mark.parametrize(
    "line",
    [
        'ENV = os.environ.get("APP_ENV", "development")',
        'ENV = os.getenv("ENVIRONMENT", default="dev")',
        'config = TABLE[os.environ.get("FLASK_ENV", "local")]',
        'ENVIRONMENT = os.environ.get("STAGE") or "development"',
        'DATABASE_URL = os.environ.get("DATABASE_URL", "sqlite:///shop.db")',
        'API_HOST = "api.prod.example.com"',
        'DB_URL = "postgresql://db-production.internal/shop"',
    ],
)
def test_what_belongs_to_another_environment(lines, line):
    assert lines(SLUG, f"import os\n{line}\n")[0] == [2]


@pytest.mark.parametrize(
    "line",
    [
        'ENV = os.environ.get("APP_ENV", "production")',
        'ENV = os.environ["APP_ENV"]',
        'DATABASE_URL = os.environ["DATABASE_URL"]',
        'PORT = os.environ.get("PORT", "8000")',
        'NAME = os.environ.get("APP_NAME", "test")',
        'API_HOST = "api.example.com"',
        'TITLE = "production notes"',
        'HOST = "products.example.com"',
        'ENVIRONMENT = "development"',
    ],
)
def test_what_is_required_or_production(lines, line):
    assert lines(SLUG, f"import os\n{line}\n")[0] == []


def test_typed_settings(lines):
    text = """
        from pydantic_settings import BaseSettings

        class Settings(BaseSettings):
            environment: str = "dev"

        class Careful(BaseSettings):
            environment: str = "production"

        class Event:
            stage: str = "test"
    """
    assert lines(SLUG, text) == [[4], [7]]


def test_secrets_that_are_shared(lines):
    files = {
        "settings_staging.py": 'import os\nKEY = os.environ["PROD_SECRET_KEY"]\nB = os.environ["SECRET_KEY"]\n',
        "settings.py": 'import os\nKEY = os.environ["PROD_SECRET_KEY"]\n',
    }
    assert lines(SLUG, files)[0] == ["settings_staging.py:2"]


def test_images(lines):
    assert lines(SLUG, {"Dockerfile": "ENV APP_ENV=development\nENV OTHER=development\n"})[0] == ["Dockerfile:1"]
    assert lines(SLUG, {"Dockerfile": "ENV APP_ENV production\n"}) == [[], ["Dockerfile:1"]]
    assert lines(SLUG, {"dev.Dockerfile": "ENV APP_ENV=development\n"}) == [[], []]


def test_files_for_developers_are_not_asked(lines):
    text = 'import os\nENV = os.environ.get("APP_ENV", "development")\n'
    assert lines(SLUG, {"settings/dev.py": text, "tests/test_a.py": text}) == [[], []]
