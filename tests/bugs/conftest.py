"""The twenty-five bugs of other toolkits, each tried on Vallum: an app with accounts, its browsers, its factors."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from tests.authenticator import SoftAuthenticator
from tests.guard.authentication.conftest import world
from tests.guard.authentication.mfa.conftest import Factors
from tests.guard.conftest import Browser, browse, clock, events, policy
from tests.guard.identity.conftest import build, ticking
from tests.guard.oauth.conftest import kit
from vallum.crypto.passwords.argon2id import UNSAFE_CHEAPEST
from vallum.guard.authentication.mfa.passkeys import Passkeys
from vallum.guard.authentication.mfa.relying_party import RelyingParty
from vallum.guard.authentication.mfa.second_factor import SecondFactor
from vallum.guard.authentication.mfa.step_up import FACTOR_AT
from vallum.guard.authentication.passwords import PasswordHasher
from vallum.guard.identity.testing import IdentityKit
from vallum.stores.memory.factors import MemoryFactors
from vallum.stores.memory.proofs import MemoryProofs
from vallum.stores.sql.postgres import PostgresDatabase
from vallum.stores.sql.proofs import SqlProofs
from vallum.stores.sql.sqlite import SqliteDatabase
from vallum.stores.valkey.proofs import ValkeyProofs

__all__ = ["browse", "build", "clock", "events", "kit", "policy", "ticking", "world"]

PASSWORD = "seven blue pencils"


class Site:
    """A guarded app with accounts, and whoever comes to it."""

    def __init__(self, app: FastAPI, kit: IdentityKit, open_browser: Callable[..., Browser]) -> None:
        self.app, self.kit, self._open = app, kit, open_browser
        self.password = PASSWORD

    @property
    def guard(self) -> Any:
        return self.app.vallum_guard

    def visit(self) -> Browser:
        return self._open(self.app)

    def send(self, browser: Browser, path: str, **fields: Any) -> Any:
        """POST to an endpoint of the accounts, as its page would."""
        token = browser("GET", "/account/session").json()["csrf_token"]
        return browser("POST", f"/account{path}", json=fields, headers={"x-csrf-token": token})

    def log_in(self, browser: Browser, name: str = "ada", password: str = PASSWORD) -> Any:
        return self.send(browser, "/login", login=f"{name}@example.org", password=password)

    def add(self, name: str = "ada", *, password: str = PASSWORD, roles: tuple[str, ...] = ()) -> Any:
        return self.kit.add_account(f"{name}@example.org", password=password, roles=roles)

    def closed_routes(self) -> list[tuple[str, str]]:
        """Method and path of each route that is not for everybody."""
        return [(route.method, route.path) for route in self.guard.routes() if route.who != "public"]


@pytest.fixture(scope="session")
def cheap() -> Iterator[PasswordHasher]:
    passwords = PasswordHasher(UNSAFE_CHEAPEST, refusal_delay=0)
    yield passwords
    passwords.close()


@pytest.fixture
def open_site(build: Any, browse: Any, cheap: PasswordHasher) -> Callable[..., Site]:
    def make(**settings: Any) -> Site:
        app, kit = build(passwords=cheap, **settings)
        return Site(app, kit, browse)

    return make


@pytest.fixture
def site(open_site: Callable[..., Site]) -> Site:
    return open_site()


@pytest.fixture
def factors(world: Any) -> Factors:
    """The account "ann" with room for every kind of factor."""
    return Factors(world, MemoryFactors())


@pytest.fixture
def passkeys(factors: Factors) -> Passkeys:
    return Passkeys(
        desk=factors.desk, party=RelyingParty("https://notes.example"), limits=factors.world.limits("passkey")
    )


class Everybody:
    """Ann and Bob, each with a factor of every kind; `answer` is a good one of now."""

    def __init__(self, factors: Factors, passkeys: Passkeys, make: Callable[[str], SoftAuthenticator]) -> None:
        self.factors, self.passkeys, self.make = factors, passkeys, make
        self.accounts = {"ann": factors.ann, "bob": factors.world.add("bob")}
        self.codes = {name: self._enrol(name, account) for name, account in self.accounts.items()}
        self.second = SecondFactor(
            desk=factors.world.desk,
            checks={"totp": factors.totp, "recovery": factors.recovery, "email": factors.mail, "passkey": passkeys},
            limits=factors.world.limits("second-factor"),
            account_limit=factors.second.account_limit,
        )

    def answer(self, name: str, kind: str, browser: str) -> str:
        """What `name` answers in this browser."""
        if kind == "totp":
            return str(self.codes[name]["totp"]())
        if kind == "recovery":
            return str(next(self.codes[name]["recovery"]).reveal())
        if kind == "email":
            self.factors.mail.send(self.accounts[name], browser=browser, client="203.0.113.9")
            return re.findall(r"\b\d{6}\b", self.factors.world.mailer.sent[-1].text)[0]
        challenge = self.passkeys.challenge(browser=browser, account=self.accounts[name])["challenge"]
        return str(self.codes[name]["passkey"].answer(challenge))

    def half(self, name: str) -> str:
        """The cookie of half a login."""
        result = self.factors.login.authenticate(name, PASSWORD, client="203.0.113.9")
        return result.half.reveal() if result.half is not None else ""

    def _enrol(self, name: str, account: Any) -> dict[str, Any]:
        factors, device = self.factors, self.make(name)
        session = factors.begin_session(name.encode(), account.id, **{FACTOR_AT: factors.clock()})
        offer = factors.totp.begin(account, session)
        factors.totp.confirm(account, session, offer.factor_id, factors.app(offer)(), client="203.0.113.9")
        factors.mail.enable(account, session)
        factors.store.add(device.record(account.id))
        codes = iter(factors.recovery.issue(account, session))
        return {"totp": factors.app(offer), "recovery": codes, "passkey": device}


@pytest.fixture
def everybody(factors: Factors, passkeys: Passkeys, authenticator: Any) -> Everybody:
    built = Everybody(factors, passkeys, authenticator)
    factors.clock.now += 30
    return built


@pytest.fixture
def authenticator() -> Callable[..., SoftAuthenticator]:
    return lambda name="soft": SoftAuthenticator("https://notes.example", "notes.example", name=name)


@pytest.fixture(params=["memory", "sqlite", "postgres", "valkey"])
def every_proofs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """The one-time proofs, in each store."""
    if request.param == "memory":
        yield MemoryProofs()
    elif request.param == "valkey":
        store = ValkeyProofs(f"unix://{request.getfixturevalue('valkey').unix_socket_path}", prefix="bugs")
        yield store
        store.close()
    else:
        database: Any = (
            SqliteDatabase(tmp_path / "proofs.sqlite")
            if request.param == "sqlite"
            else PostgresDatabase(request.getfixturevalue("postgres").empty(), wait_seconds=20)
        )
        yield SqlProofs(database)
        database.close()
