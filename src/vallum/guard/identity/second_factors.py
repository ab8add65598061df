"""The second factors of an `Identity`: all kinds on one desk, and which of them an account can show."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.crypto.seal.keys import SealingKey
from vallum.crypto.seal.ring import SealRing
from vallum.guard.authentication.lifecycle.desk import AccountDesk
from vallum.guard.authentication.mfa.email_code import EmailCode
from vallum.guard.authentication.mfa.factor_desk import FactorDesk
from vallum.guard.authentication.mfa.passkeys import Passkeys
from vallum.guard.authentication.mfa.recovery import RecoveryCodes
from vallum.guard.authentication.mfa.relying_party import RelyingParty
from vallum.guard.authentication.mfa.second_factor import FactorCheck, SecondFactor
from vallum.guard.authentication.mfa.totp import TotpFactor
from vallum.guard.http.rate_limit import Limiter
from vallum.guard.identity.backing import Backing, limit_attempts
from vallum.guard.identity.settings import Identity
from vallum.guard.policy import GuardPolicy
from vallum.guard.sessions.keys import derive_keys
from vallum.stores.accounts import AccountRecord

_PURPOSE: Final = "vallum second factors"
_ORDER: Final = ("passkey", "totp", "email", "recovery")


@dataclass(frozen=True, kw_only=True)
class SecondFactors:
    """The kinds. `passkeys` is None where the origin has no name that a passkey could belong to, such as an address."""

    settings: Identity
    desk: FactorDesk
    totp: TotpFactor
    recovery: RecoveryCodes
    email: EmailCode
    passkeys: Passkeys | None
    second: SecondFactor

    def needs(self, account: AccountRecord) -> bool:
        """Tell whether a password is not enough: a factor is there, or the settings ask for one."""
        asked = self.settings.needs_factor
        return self.desk.is_due(account) or (asked is not None and asked(account))

    def list_kinds(self, account: AccountRecord) -> list[str]:
        """The kinds that the account can show now, the strongest first."""
        kinds = {str(one.kind) for one in self.desk.list(account.id)} & set(self.second.checks)
        if account.email_proved is not None and self.email.is_usable(account):
            kinds.add("email")
        return [kind for kind in _ORDER if kind in kinds]


def build_factors(
    settings: Identity, policy: GuardPolicy, backing: Backing, desk: AccountDesk, secrets: tuple[Secret[str], ...]
) -> SecondFactors:
    """Put the kinds together; `secrets` take the place of the settings' own in development."""
    keys = derive_keys(settings.factor_secrets or secrets, _PURPOSE)
    issuer = settings.site.replace(":", " ").strip() or urlsplit(desk.links.origin).hostname or "app"
    factors = FactorDesk(
        desk=desk, factors=backing.factors, ring=SealRing(SealingKey(Secret(key)) for key in keys), issuer=issuer
    )
    totp = TotpFactor(desk=factors, limits=limit_attempts("totp-enrolment", policy))
    recovery = RecoveryCodes(desk=factors)
    asked = settings.needs_factor or (lambda _: False)
    email = EmailCode(desk=factors, stands_in=asked, limits=limit_attempts("login-code", policy))
    passkeys = _open_passkeys(factors, policy)
    checks: dict[str, FactorCheck] = {"totp": totp, "recovery": recovery, "email": email}
    if passkeys is not None:
        checks["passkey"] = passkeys
    second = SecondFactor(
        desk=desk,
        checks=checks,
        limits=limit_attempts("second-factor", policy),
        account_limit=Limiter("10/hour", name="second-factor-owner", clock=policy.clock, sink=policy.sink),
    )
    return SecondFactors(
        settings=settings,
        desk=factors,
        totp=totp,
        recovery=recovery,
        email=email,
        passkeys=passkeys,
        second=second,
    )


def _open_passkeys(desk: FactorDesk, policy: GuardPolicy) -> Passkeys | None:
    """Passkeys of the first origin, which the policy's other origins use too (`/.well-known/webauthn`)."""
    try:
        party = RelyingParty(desk.desk.links.origin, related=policy.origins[1:])
    except ConfigError:
        return None
    return Passkeys(desk=desk, party=party, limits=limit_attempts("passkey", policy))
