"""The factors of one account, a session that was just begun, and half a login."""

from base64 import b32decode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from vallum.base.secret import Secret
from vallum.crypto.otp.totp import Totp
from vallum.crypto.seal.keys import SealingKey
from vallum.crypto.seal.ring import SealRing
from vallum.guard.authentication.mfa.email_code import EmailCode
from vallum.guard.authentication.mfa.factor_desk import FactorDesk
from vallum.guard.authentication.mfa.recovery import RecoveryCodes
from vallum.guard.authentication.mfa.second_factor import SecondFactor
from vallum.guard.authentication.mfa.step_up import FACTOR_AT
from vallum.guard.authentication.mfa.totp import TotpFactor
from vallum.guard.http.rate_limit import Limiter
from vallum.stores.memory.factors import MemoryFactors
from vallum.stores.sessions import SessionRecord
from vallum.stores.sql.factors import SqlFactors
from vallum.stores.sql.sqlite import SqliteDatabase

PASSWORD = "seven blue pencils"
CLIENT = "203.0.113.9"


class Factors:
    """Everything of one app, with the account "ann"."""

    def __init__(self, world: Any, store: Any) -> None:
        self.world, self.store, self.clock = world, store, world.clock
        self.ann = world.add("ann")
        self.desk = FactorDesk(
            desk=world.desk, factors=store, ring=SealRing([SealingKey(Secret(bytes(range(32))))]), issuer="Notes"
        )
        self.totp = TotpFactor(desk=self.desk, limits=world.limits("totp-enrolment"))
        self.recovery = RecoveryCodes(desk=self.desk)
        self.mail = EmailCode(desk=self.desk, limits=world.limits("login-code"))
        self.second = SecondFactor(
            desk=world.desk,
            checks={"totp": self.totp, "recovery": self.recovery, "email": self.mail},
            limits=world.limits("second-factor"),
            account_limit=Limiter("10/hour", name="owner", store=world.limit_store, clock=world.clock),
        )
        self.login = world.build_login(half_logins=world.proofs, needs_factor=self.desk.is_due)
        self.session = self.begin_session()

    def begin_session(self, digest: bytes = b"here", account_id: str = "id-ann", **data: Any) -> SessionRecord:
        now = self.clock()
        record = SessionRecord(
            digest=digest, actor_id=account_id, created=now, seen=now, idle_seconds=9e9, deadline=9e9, data=data
        )
        self.world.sessions.create(record)
        return record

    def proved(self) -> SessionRecord:
        """The session after a second factor was shown just now."""
        return replace(self.session, data={FACTOR_AT: self.clock()})

    def enrol(self) -> Callable[[], str]:
        """Give ann an app; return what the app shows now."""
        offer = self.totp.begin(self.ann, self.proved())
        self.totp.confirm(self.ann, self.proved(), offer.factor_id, self.app(offer)(), client=CLIENT)
        self.clock.now += 30
        return self.app(offer)

    def app(self, offer: Any) -> Callable[[], str]:
        secret = Secret(b32decode(offer.secret.reveal()))
        return lambda: Totp().make_code(secret, self.clock())

    def half(self) -> str:
        result = self.login.authenticate("ann", PASSWORD, client=CLIENT)
        assert result.half is not None
        return result.half.reveal()


@pytest.fixture(params=["memory", "sqlite"])
def factors(request: pytest.FixtureRequest, world: Any, tmp_path: Path) -> Iterator[Factors]:
    if request.param == "memory":
        yield Factors(world, MemoryFactors())
        return
    database = SqliteDatabase(tmp_path / "factors.sqlite")
    yield Factors(world, SqlFactors(database))
    database.close()
