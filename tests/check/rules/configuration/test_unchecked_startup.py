import pytest

SLUG = "unchecked-startup"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("assert settings.secret_key != 'x'\n", [1]),
        ("class Production:\n    SECRET_KEY = load()\n    assert SECRET_KEY, 'missing'\n", [3]),
        ("def load():\n    assert len(settings.secret) > 3\n", [2]),
        ("def load(config):\n    key = config.key\n    assert len(key) == 32\n", [3]),
        ("def add(node):\n    assert node.options.get('proxy')\n", []),
        ("def add(path):\n    assert path.startswith(settings.STATIC_URL)\n", []),
        ("def take(key):\n    assert len(key) == 32\n", []),
        ("assert isinstance(settings, Settings)\n", []),
    ],
)
def test_asserts(lines, text, found):
    assert lines(SLUG, text)[0] == found


def test_asserts_of_tests_are_meant(lines):
    assert lines(SLUG, {"tests/test_a.py": "assert settings.debug\n"}) == [[], []]


@pytest.mark.parametrize(
    ("branch", "found", "sound"),
    [
        ("logger.warning('TLS is off')", [6], []),
        ("print('TLS is off')", [6], []),
        ("raise RuntimeError('TLS is off')", [], [5]),
        ("settings.tls = True", [], []),
    ],
)
def test_startup(lines, branch, found, sound):
    text = f"""
        from shop import app, settings, logger

        @app.on_event("startup")
        async def begin():
            if not settings.database_tls:
                {branch}
    """
    assert lines(SLUG, text) == [found, sound]


def test_other_functions_may_report(lines):
    assert lines(SLUG, "def show():\n    if settings.debug:\n        print('debug')\n") == [[], []]


@pytest.mark.parametrize(
    ("more", "sound"),
    [
        ("", False),
        ("check()", True),
        ("validate_settings(x)", True),
        ("import pydantic_settings", True),
        ("from vallum.guard import Guard; Guard(app)", True),
    ],
)
def test_servers(lines, more, sound):
    text = (
        f"import uvicorn; from shop import check_startup as check, validate_settings\n{more}\nuvicorn.run('shop:app')\n"
    )
    assert lines(SLUG, text)[1 if sound else 0] == [3]


def test_a_raise_in_the_settings_is_a_check(lines):
    files = {
        "app.py": "import uvicorn\nuvicorn.run('shop:app')\n",
        "settings.py": "def load():\n    if not KEY:\n        raise SystemExit(1)\n",
    }
    assert lines(SLUG, files) == [[], [2]]


def test_development_servers_are_not_asked(lines):
    assert lines(SLUG, {"run_dev.py": "import uvicorn\nuvicorn.run('shop:app')\n"}) == [[], []]
