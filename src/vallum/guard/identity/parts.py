"""What an `Identity` is made of once the guard's policy is known: stores, flows, tokens; and the policy with them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from vallum.base.randomness import token
from vallum.base.secret import Secret
from vallum.crypto.jwt.keys import SigningKey, load_private
from vallum.guard.authentication.bearer import BearerPolicy, Caller
from vallum.guard.authentication.known_devices import KnownDevices
from vallum.guard.authentication.lifecycle.closing import AccountCare, AccountClosing
from vallum.guard.authentication.lifecycle.desk import AccountDesk
from vallum.guard.authentication.lifecycle.links import PATHS, LinkPolicy
from vallum.guard.authentication.lockout import Lockout
from vallum.guard.authentication.login import Login
from vallum.guard.authentication.login_limits import LoginLimits
from vallum.guard.authentication.mail.kept import MemoryMailer
from vallum.guard.authentication.mail.message import Mailer
from vallum.guard.authentication.mfa.lost import LostFactor
from vallum.guard.authentication.password_policy import PasswordPolicy
from vallum.guard.configuration.problem import Problem
from vallum.guard.identity.backing import Backing, limit_attempts, open_backing
from vallum.guard.identity.second_factors import SecondFactors, build_factors
from vallum.guard.identity.settings import Identity
from vallum.guard.identity.standing import Standings, StandingSessions
from vallum.guard.policy import GuardPolicy
from vallum.guard.sessions.keys import derive_keys
from vallum.guard.tokens.access_tokens import AccessTokens, BearerRefusedError
from vallum.guard.tokens.refresh import RefreshTokens
from vallum.guard.tokens.revocation import Revocation
from vallum.stores.links import LinkStore
from vallum.stores.sessions import Json

if TYPE_CHECKING:
    from vallum.guard.identity.providers import SignIns

_LOCAL: Final = "http://localhost:8000"


@dataclass(frozen=True, kw_only=True)
class IdentityParts:
    """The blocks that the endpoints use, for handlers that need more than those: `guard.identity`."""

    settings: Identity
    policy: GuardPolicy
    """The guard's policy with the sessions, limits and bearer tokens of the accounts."""
    desk: AccountDesk
    login: Login
    factors: SecondFactors
    lost: LostFactor
    devices: KnownDevices
    links: LinkStore
    sign_ins: "SignIns | None"
    sessions: StandingSessions
    standings: Standings
    tokens: AccessTokens
    refresh: RefreshTokens
    mailer: Mailer

    @property
    def care(self) -> AccountCare:
        """Disable, enable and give roles, for administrators."""
        return AccountCare(desk=self.desk)

    def limit(self, name: str) -> LoginLimits:
        """The limits of one kind of attempt."""
        return limit_attempts(name, self.policy)

    @property
    def closing(self) -> AccountClosing:
        """Export and delete an account, with all that the stores and the app keep of it."""
        factors, links = self.factors.desk.factors, self.links
        own: dict[str, Callable[[str], Json]] = {
            "factors": lambda account_id: [
                {"kind": one.kind, "name": one.name, "created": one.created} for one in factors.list_account(account_id)
            ],
            "sign_ins": lambda account_id: [
                {"issuer": one.issuer, "subject": one.subject, "email": one.email, "created": one.created}
                for one in links.list_account(account_id)
            ],
        }
        erasers = (*self.settings.erasers, factors.drop_account, links.drop_account)
        return AccountClosing(desk=self.desk, sources={**own, **self.settings.exports}, erasers=erasers)


def build_parts(settings: Identity, policy: GuardPolicy) -> IdentityParts:
    """Open the stores of `settings` and put the blocks together under `policy`. Raises `ConfigError`."""
    backing = open_backing(settings, policy)
    standings = Standings(accounts=backing.accounts, seconds=settings.standing_seconds, clock=policy.clock)
    sessions = StandingSessions(backing.sessions, standings, recent_seconds=settings.recent_seconds)
    mailer = settings.mailer or MemoryMailer()
    secrets = policy.secrets or (Secret(token(48, randomness=policy.randomness)),)
    lockout = Lockout(backing.limits, settings.lockout, clock=policy.clock, sink=policy.sink)
    desk = _build_desk(settings, policy, backing, sessions, mailer, lockout)
    tokens, refresh = _build_tokens(settings, policy, backing, secrets, desk.links.origin)
    devices = _build_devices(policy, secrets)
    factors = build_factors(settings, policy, backing, desk, secrets)
    sessions.needs_factor = factors.needs
    login = _build_login(policy, desk, lockout, devices, factors)
    full = replace(
        policy,
        secrets=secrets if not policy.is_production else policy.secrets,
        store=sessions,
        login=policy.login or f"{settings.prefix}/login",
        rate_limits=replace(policy.limits_of_all, store=backing.limits) if backing.counts else policy.rate_limits,
        bearer=policy.bearer or _read_bearer(tokens, standings),
        fresh_roles=policy.fresh_roles or (_read_roles(backing) if settings.admin_permission else None),
        startup_checks=(*policy.startup_checks, lambda: _judge(settings)),
    )
    return IdentityParts(
        settings=settings,
        policy=full,
        desk=desk,
        login=login,
        factors=factors,
        lost=LostFactor(desk=factors.desk, login=login, limits=limit_attempts("factor-lost", policy)),
        devices=devices,
        links=backing.links,
        sign_ins=_open_sign_ins(settings, policy, backing, desk, sessions),
        sessions=sessions,
        standings=standings,
        tokens=tokens,
        refresh=refresh,
        mailer=mailer,
    )


def _build_desk(
    settings: Identity,
    policy: GuardPolicy,
    backing: Backing,
    sessions: StandingSessions,
    mailer: Mailer,
    lockout: Lockout,
) -> AccountDesk:
    origin = policy.origins[0] if policy.origins else _LOCAL
    return AccountDesk(
        accounts=backing.accounts,
        proofs=backing.proofs,
        passwords=settings.passwords,
        mailer=mailer,
        links=LinkPolicy(origin, {purpose: settings.prefix + path for purpose, path in PATHS.items()}),
        policy=_choose_policy(settings),
        letters=settings.letters,
        sessions=sessions,
        refresh=backing.refresh,
        lockout=lockout,
        jobs=settings.jobs,
        clock=policy.clock,
        randomness=policy.randomness,
    )


def _build_devices(policy: GuardPolicy, secrets: tuple[Secret[str], ...]) -> KnownDevices:
    keys = derive_keys(secrets, "vallum known devices")
    derived = tuple(Secret(key.hex()) for key in keys)
    return KnownDevices(secrets=derived, clock=policy.clock, randomness=policy.randomness)


def _build_login(
    policy: GuardPolicy, desk: AccountDesk, lockout: Lockout, devices: KnownDevices, factors: SecondFactors
) -> Login:
    return Login(
        accounts=desk.accounts,
        passwords=desk.passwords,
        lockout=lockout,
        limits=limit_attempts("login", policy),
        half_logins=desk.proofs,
        needs_factor=factors.needs,
        on_lock=desk.note_lock,
        devices=devices,
        clock=policy.clock,
        randomness=policy.randomness,
    )


def _open_sign_ins(
    settings: Identity, policy: GuardPolicy, backing: Backing, desk: AccountDesk, sessions: StandingSessions
) -> "SignIns | None":
    if not settings.providers:
        return None
    from vallum.guard.identity.providers import open_providers  # noqa: PLC0415 - only for an app with providers

    return open_providers(settings, policy, backing, desk, sessions)


def _read_roles(backing: Backing) -> Callable[[str], Iterable[str] | None]:
    def read(account_id: str) -> Iterable[str] | None:
        account = backing.accounts.find(account_id)
        return account.roles if account is not None and account.is_active else None

    return read


def _build_tokens(
    settings: Identity, policy: GuardPolicy, backing: Backing, secrets: tuple[Secret[str], ...], origin: str
) -> tuple[AccessTokens, RefreshTokens]:
    revocation = Revocation(store=backing.revocations, clock=policy.clock)
    derived = [_make_key(seed) for seed in derive_keys(secrets, "vallum access tokens")]
    key, *older = [settings.token_key] if settings.token_key else derived
    tokens = AccessTokens(
        issuer=origin,
        audience=settings.audience or origin,
        key=key,
        keys=[one.public() for one in older],
        revoked=revocation,
        clock=policy.clock,
        randomness=policy.randomness,
    )
    refresh = RefreshTokens(
        store=backing.refresh,
        tokens=tokens,
        revocation=revocation,
        key=Secret(derive_keys(secrets, "vallum refresh tokens")[0]),
        clock=policy.clock,
        randomness=policy.randomness,
    )
    return tokens, refresh


def _make_key(seed: bytes) -> SigningKey:
    native = Ed25519PrivateKey.from_private_bytes(seed)
    return load_private(Secret(native.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())))


def _read_bearer(tokens: AccessTokens, standings: Standings) -> BearerPolicy:
    def verify(header: str) -> Caller:
        claims = tokens.authenticate(header)
        account = standings.find(claims.subject, epoch=claims.epoch or 0)
        if account is None:
            raise BearerRefusedError("account-ended")
        return Caller(account.id, account.roles, claims)

    return BearerPolicy(verify=verify, waits=not standings.accounts.reads_at_once)


def _judge(settings: Identity) -> Iterable[Problem]:
    if not settings.database and (settings.accounts is None or not settings.accounts.shared):
        yield Problem(
            code="accounts-in-memory",
            what="accounts live in one process's memory: a restart ends them.",
            fix='Write Identity(database="postgresql://...") or "sqlite:////srv/app/app.sqlite".',
        )
    if not settings.factor_secrets:
        yield Problem(
            code="factor-secrets-absent",
            what="nothing seals second factors that would outlast a change of the policy's secrets.",
            fix='Write Identity(factor_secrets=read_session_secrets("FACTOR_SECRET")).',
        )
    if settings.mailer is None:
        yield Problem(
            code="mailer-absent",
            what="mails would be kept in memory and reach nobody.",
            fix="Write Identity(mailer=SmtpMailer(...)).",
        )


def _choose_policy(settings: Identity) -> PasswordPolicy:
    """The policy of the settings; the name of the site is never a good part of a password."""
    chosen = settings.password_policy or PasswordPolicy()
    named = (settings.site,) if settings.site else ()
    return replace(chosen, site=(*chosen.site, *named))
