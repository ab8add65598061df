import pytest

SLUG = "debug-in-deployment"


@pytest.mark.parametrize(
    ("on", "off"),
    [
        ("ENV FLASK_DEBUG=1", "ENV FLASK_DEBUG=0"),
        ("ENV DJANGO_DEBUG True", "ENV DJANGO_DEBUG False"),
        ('ENV APP_ENV=x DEBUG="true"', 'ENV APP_ENV=x DEBUG="false"'),
        ("ENV FLASK_ENV=development", "ENV FLASK_ENV=production"),
        ("ENV WERKZEUG_DEBUG_PIN=off", "ENV WERKZEUG_DEBUG_PIN=on"),
        ('CMD ["uvicorn", "shop:app", "--reload"]', 'CMD ["uvicorn", "shop:app"]'),
        ("CMD flask --app shop run --debug", "CMD flask --app shop run"),
        ("CMD python manage.py runserver", "CMD gunicorn shop.wsgi"),
        ('CMD ["fastapi", "dev", "main.py"]', 'CMD ["uvicorn", "main:app", "--reload-dir", "x"]'),
    ],
)
def test_images(lines, on, off):
    assert lines(SLUG, {"Dockerfile": f"FROM python\n{on}\n"}) == [["Dockerfile:2"], []]
    assert lines(SLUG, {"Dockerfile": f"FROM python\n{off}\n"})[0] == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("FLASK_DEBUG=1", True),
        ("DEBUG=True", True),
        ("export DEBUG=yes", True),
        ("DEBUG=0", False),
        ("# DEBUG=1", None),
        ("LOG=DEBUG", None),
    ],
)
def test_environment_files(lines, line, found):
    expected = {True: [[".env:1"], []], False: [[], [".env:1"]], None: [[], []]}[found]
    assert lines(SLUG, {".env": line + "\n"}) == expected


@pytest.mark.parametrize("path", [".env.example", ".env.development", ".env.local", "tests/.env", "deploy/dev/.env"])
def test_files_for_development_are_left_alone(lines, path):
    assert lines(SLUG, {path: "DEBUG=1\n"}) == [[], []]


def test_compose(lines):
    text = """services:
      web:
        command: uvicorn shop:app --reload
        environment:
          FLASK_DEBUG: 1
          - DEBUG=true
    """
    assert lines(SLUG, {"compose.yaml": text}) == [[f"compose.yaml:{line}" for line in (3, 5, 6)], []]
    good = text.replace(" --reload", "").replace(": 1", ": 0").replace("true", "false")
    assert lines(SLUG, {"compose.yaml": good}) == [[], [f"compose.yaml:{line}" for line in (3, 5, 6)]]
    assert lines(SLUG, {"docker-compose.override.yml": text}) == [[], []]
    assert lines(SLUG, {"logging.yaml": "DEBUG: 1\n"}) == [[], []]
