"""Codes of an authenticator app: enrolled by a code, checked in a window of one step, each good once (RFC 6238).

    offer = TOTP.begin(account, current().record)        # show offer.picture and offer.secret once
    TOTP.confirm(account, current().record, offer.factor_id, form.code)

Sources: RFC 6238, section 5.2; ASVS 6.5.1, 6.5.5, 6.5.8.
"""

from dataclasses import dataclass, field
from typing import Final

from vallum.base.secret import Secret
from vallum.crypto.otp.provisioning import draw_qr, write_address, write_secret
from vallum.crypto.otp.totp import Totp, generate_secret
from vallum.guard.authentication.login_limits import LoginLimits
from vallum.guard.authentication.mfa.factor_desk import CodeRefusedError, FactorDesk
from vallum.stores.accounts import AccountRecord
from vallum.stores.factors import FactorRecord
from vallum.stores.sessions import SessionRecord

KEEPS: Final = ("mfa-enrolment", "mfa-totp")

PENDING_SECONDS: Final = 900
"""How long a new secret waits for its first code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpOffer:
    """What the user sees once: the QR code as inline SVG, the secret to type, and the address behind both.

    A guarded app answers signed-in users with `Cache-Control: no-store`; send it so in any other.
    """

    factor_id: str
    picture: Secret[str]
    secret: Secret[str]
    address: Secret[str]


@dataclass(frozen=True, kw_only=True)
class TotpFactor:
    """Enrols and checks. The secret of 160 random bits is stored sealed, for this account and factor only."""

    desk: FactorDesk
    totp: Totp = field(default_factory=Totp)
    limits: LoginLimits = field(default_factory=lambda: LoginLimits("totp-enrolment"))

    def begin(self, account: AccountRecord, session: SessionRecord | None, *, name: str = "") -> TotpOffer:
        """Offer a new secret, which is no factor until `confirm`; an older offer dies.

        Raises the challenge of the step-up (403) and `FactorLimitError` (409).
        """
        desk, shown = self.desk, self.desk.reserve(account, session, name)
        for waiting in self._records(account.id, "pending"):
            desk.factors.remove(waiting.id, account.id)
        secret, factor_id = generate_secret(randomness=desk.desk.randomness), desk.new_id()
        sealed = desk.ring.seal(secret.reveal(), context=context_of(account.id, factor_id))
        created = desk.desk.clock()
        desk.factors.add(
            FactorRecord(id=factor_id, account_id=account.id, kind="totp", name=shown, secret=sealed, created=created)
        )
        label = (account.login or account.email).replace(":", " ")
        address = write_address(secret, issuer=desk.issuer, account=label, totp=self.totp)
        return TotpOffer(factor_id=factor_id, picture=draw_qr(address), secret=write_secret(secret), address=address)

    def confirm(
        self,
        account: AccountRecord,
        session: SessionRecord | None,
        factor_id: str,
        code: str,
        *,
        client: str | None = None,
    ) -> None:
        """Make the offered secret a factor, by a code of it; end the other sessions and tell the owner.

        Call `note_factor()` then. Raises `CodeRefusedError` (400), the challenge (403) and `RateLimitedError` (429).
        """
        self.desk.demand(account, session)
        self.limits.take_now(account.id, client=client)
        now = self.desk.desk.clock()
        fitting = (one for one in self._records(account.id, "pending") if one.id == factor_id)
        record = next(fitting, None)
        if record is None or now > record.created + PENDING_SECONDS:
            raise CodeRefusedError("no such offer")
        step = self._match(record, code, now)
        if step is None or not self.desk.factors.activate(record.id, step, now):
            raise CodeRefusedError("wrong code")
        self.desk.conclude(account, session, change="totp-added", letter="factor-added")

    def verify(self, account: AccountRecord, answer: str, *, browser: str = "") -> bool:
        """Tell whether `answer` is a code that is good now, and use it up. Ask through `SecondFactor`, which limits."""
        del browser  # the apps bind a code to none
        now = self.desk.desk.clock()
        for record in self._records(account.id, "active"):
            step = self._match(record, answer, now)
            if step is not None and self.desk.factors.advance(record.id, step, now):
                return True
        return False

    def _match(self, record: FactorRecord, code: str, now: float) -> int | None:
        plain = self.desk.ring.open(record.secret, context=context_of(record.account_id, record.id))
        return self.totp.match(Secret(plain), code, now)

    def _records(self, account_id: str, state: str) -> list[FactorRecord]:
        found = self.desk.factors.list_account(account_id)
        return [one for one in found if (one.kind, one.state) == ("totp", state)]


def context_of(account_id: str, factor_id: str) -> str:
    """What a secret is sealed for."""
    return f"totp:{account_id}:{factor_id}"
