"""The two Notes apps, each imported afresh with its own database, and people who use them."""

import importlib
import itertools
import random
import re
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from starlette.testclient import TestClient

LEAKY = "examples.notes.leaky"
PASSWORDS = {"ann": "ann-of-the-test", "ben": "ben-of-the-test", "root": "root-of-the-test"}
Person = Callable[[], TestClient]


def forget(package: str) -> None:
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def leaky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package, set up in a folder of its own with known passwords."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOTES_DB", str(tmp_path_factory.mktemp("leaky") / "notes.sqlite3"))
        patch.setenv("NOTES_ANN_PASSWORD", PASSWORDS["ann"])
        patch.setenv("NOTES_BEN_PASSWORD", PASSWORDS["ben"])
        patch.setenv("NOTES_ADMIN_PASSWORD", PASSWORDS["root"])
        patch.delenv("NOTES_WEBHOOK_URL", raising=False)
        forget(LEAKY)
        package = importlib.import_module(LEAKY)
        # Its codes come from the common generator, which every test begins with the same seed: two tests drew the same.
        patch.setattr(package.security, "random", random.Random())
        yield package
        forget(LEAKY)


@pytest.fixture
def visitor(leaky: ModuleType) -> TestClient:
    """Somebody who is not signed in."""
    return TestClient(leaky.app, raise_server_exceptions=False, follow_redirects=False)


def sign_in(leaky: ModuleType, username: str) -> TestClient:
    client = TestClient(leaky.app, raise_server_exceptions=False, follow_redirects=False)
    answer = client.post("/login", data={"username": username, "password": PASSWORDS[username]})
    assert answer.status_code == 303
    return client


@pytest.fixture
def ann(leaky: ModuleType) -> TestClient:
    return sign_in(leaky, "ann")


@pytest.fixture
def ben(leaky: ModuleType) -> TestClient:
    return sign_in(leaky, "ben")


@pytest.fixture
def root(leaky: ModuleType) -> TestClient:
    return sign_in(leaky, "root")


NUMBERS = itertools.count(1)


@pytest.fixture
def newcomer(leaky: ModuleType) -> Person:
    """Makes a new account and gives its browser; `client.username` and `client.password` say whose it is."""

    def register() -> TestClient:
        client = TestClient(leaky.app, raise_server_exceptions=False, follow_redirects=False)
        name = f"person{next(NUMBERS)}"
        form = {"username": name, "email": f"{name}@people.example", "password": "a fine password"}
        assert client.post("/register", data=form).status_code == 303
        client.username, client.password = name, "a fine password"
        return client

    return register


SOUND = "examples.notes.sound"
FINE = "a fine password"
SYNC_KEY = "sync-key-of-the-test-with-enough-characters"
CSRF = re.compile(r'name="csrf_token" value="([\w-]+)"')


class Browser(TestClient):
    """Fills in forms as a person does: opens the page, sends its token back, says where it comes from."""

    username = password = ""

    def submit(self, path: str, page: str = "", **sent: Any) -> Any:
        """POST a form with the token of `page`; by default of a page that whoever asks can see."""
        shown = self.get(page or ("/profile" if self.username else "/login"))
        token = CSRF.search(shown.text)
        data = {**(sent.pop("data", None) or {}), "csrf_token": token[1] if token else ""}
        return self.post(path, data=data, headers={"Origin": "https://testserver"}, **sent)

    def log_in(self, username: str, password: str, **more: str) -> Any:
        answer = self.submit("/login", data={"username": username, "password": password, **more})
        if answer.status_code == 303:
            self.username, self.password = username, password
        return answer

    def write_note(self, title: str, body: str = "", **more: str) -> int:
        """The number of a new note."""
        answer = self.submit("/notes", data={"title": title, "body": body, **more})
        assert answer.status_code == 303
        return int(answer.headers["location"].rsplit("/", 1)[1])

    def proof(self) -> dict[str, str]:
        """What a script of this app's pages sends with a call of the API."""
        token = CSRF.search(self.get("/profile").text)
        return {"Origin": "https://testserver", "X-CSRF-Token": token[1] if token else ""}

    def tokens(self, person: "Browser") -> dict[str, Any]:
        """The API's tokens for a person, asked for without her session."""
        form = {"username": person.username, "password": person.password}
        return dict(self.post("/api/token", json=form).json())

    def bearer(self, person: "Browser") -> dict[str, str]:
        """The header that identifies a person to the API."""
        return {"Authorization": f"Bearer {self.tokens(person)['access_token']}"}


def browse(sound: ModuleType) -> Browser:
    return Browser(sound.app, base_url="https://testserver", raise_server_exceptions=False, follow_redirects=False)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The package on the guard, set up in a folder of its own with known passwords."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOTES_DB", str(tmp_path_factory.mktemp("sound") / "notes.sqlite3"))
        patch.setenv("NOTES_ANN_PASSWORD", PASSWORDS["ann"])
        patch.setenv("NOTES_BEN_PASSWORD", PASSWORDS["ben"])
        patch.setenv("NOTES_ADMIN_PASSWORD", PASSWORDS["root"])
        patch.setenv("NOTES_SYNC_KEY", SYNC_KEY)
        patch.setenv("VALLUM_ENV", "test")
        for name in ("WEBHOOK_URL", "ALERT_URL", "MAIL_FOLDER", "DATA_KEYS", "TOKEN_KEY", "TRAIL_SECRET"):
            patch.delenv(f"NOTES_{name}", raising=False)
        for name in ("ORIGINS", "SESSIONS", "LIMITS", "SECRET"):
            patch.delenv(f"VALLUM_{name}", raising=False)
        forget(SOUND)
        package = importlib.import_module(SOUND)
        yield package
        package.alarms.ALERTS.close()
        package.people.SESSIONS.close()
        package.passwords.HASHER.close()
        forget(SOUND)


@pytest.fixture(autouse=True)
def fresh_limits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test begins with all attempts left: they share the app, its people and the address of their client."""
    if "sound" in request.fixturenames:
        package = request.getfixturevalue("sound")
        monkeypatch.setattr(package.limits.STORE, "_paid_at", {})


@pytest.fixture
def stranger(sound: ModuleType) -> Browser:
    """Somebody who is not signed in to the sound app."""
    return browse(sound)


@pytest.fixture
def enter(sound: ModuleType) -> Callable[[str], Browser]:
    """Signs one of the demo people in to the sound app."""

    def sign_in(username: str) -> Browser:
        client = browse(sound)
        assert client.log_in(username, PASSWORDS[username]).status_code == 303
        return client

    return sign_in


@pytest.fixture(scope="module")
def hashed(sound: ModuleType) -> str:
    return str(sound.passwords.HASHER.hash(FINE))


@pytest.fixture
def join(sound: ModuleType, hashed: str) -> Callable[[], Browser]:
    """Signs in a new person, whose account is open already."""

    def enter() -> Browser:
        client, name = browse(sound), f"person{next(NUMBERS)}"
        number = sound.people.add(name, f"{name}@people.example", hashed, "")
        assert sound.people.confirm(number, f"{name}@people.example")
        assert client.log_in(name, FINE).status_code == 303
        return client

    return enter


FIRST_SLICE = frozenset(
    {
        "sql-parameterised",
        "no-shell-injection",
        "no-dynamic-code",
        "safe-deserialization",
        "path-traversal",
        "html-escaped",
        "template-autoescape",
        "safe-redirect",
        "no-hardcoded-secrets",
        "password-hashing",
        "secure-random",
        "jwt-algorithm-pinned",
        "session-cookie-flags",
        "csrf",
        "content-security-policy",
        "hsts",
        "nosniff",
        "frame-protection",
        "cors-allowlist",
        "generic-errors",
        "debug-disabled",
        "authorize-every-endpoint",
        "object-ownership",
        "login-generic-errors",
        "dependencies-pinned",
    }
)


@pytest.fixture(scope="session")
def first_slice() -> frozenset[str]:
    """The controls that work in every way that the catalogue gives them, before all others."""
    return FIRST_SLICE
