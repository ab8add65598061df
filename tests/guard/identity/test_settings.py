"""Settings are checked when they are built, and production starts only with what users can depend on."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.crypto.jwt.keys import generate_key
from vallum.crypto.seal.ring import SealRefusedError
from vallum.guard import BearerPolicy, Caller, Environment, Guard, GuardPolicy, Identity
from vallum.guard.authentication.mail.smtp import SmtpMailer
from vallum.guard.http.rate_policy import RateLimitPolicy
from vallum.guard.identity.testing import IdentityKit
from vallum.stores.limits_memory import MemoryLimits
from vallum.stores.sqlite import SqliteSessions

OLD, NEW = Secret("Zk3vR8sN1qLw6yTb9xHc2mJf5pGd7uEa0oWiVtYn"), Secret("q8Xn2LsVb5Tz7RkWd3Hy9MfGc1JpEa6UoYtIwZrB")


def production(**settings: Any) -> GuardPolicy:
    return GuardPolicy(
        environment=Environment.PRODUCTION, origins=("https://notes.example",), secrets=(NEW, OLD), **settings
    )


@pytest.mark.parametrize(
    "settings",
    [
        {"prefix": "account"},
        {"prefix": "/account/"},
        {"home": "//evil.example"},
        {"home": "https://evil.example"},
        {"factor_secrets": (Secret("short"),)},
        {"recent_seconds": 0},
        {"recent_seconds": 3601},
    ],
)
def test_settings_that_would_weaken_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Identity(**settings)


def test_standing_seconds_are_bounded() -> None:
    with pytest.raises(ConfigError):
        Guard(FastAPI(), policy=GuardPolicy(), identity=Identity(standing_seconds=3600))


def test_production_names_every_problem_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        Guard(FastAPI(openapi_url=None), policy=production(), identity=Identity())
    for code in ("accounts-in-memory", "mailer-absent", "factor-secrets-absent", "store-not-shared"):
        assert code in str(refused.value)


def test_production_starts_on_one_file(tmp_path: Path) -> None:
    mailer = SmtpMailer(host="mail.notes.example", sender="notes@notes.example")
    identity = Identity(database=f"sqlite:///{tmp_path}/app.sqlite", mailer=mailer, factor_secrets=(NEW,))
    guard = Guard(FastAPI(openapi_url=None), policy=production(), identity=identity)
    assert guard.identity is not None
    assert guard.policy.limits_of_all.store is not None
    assert guard.policy.limits_of_all.store.shared
    assert len(guard.identity.tokens.export_keys()["keys"]) == 2
    with pytest.raises(ConfigError):
        IdentityKit(guard)
    guard.identity.sessions.close()


def test_an_app_outlasts_the_secrets_of_the_policy(tmp_path: Path) -> None:
    def open_kit(secret: Secret[str], *factor_secrets: Secret[str]) -> IdentityKit:
        identity = Identity(database=f"sqlite:///{tmp_path}/app.sqlite", factor_secrets=factor_secrets)
        return IdentityKit(Guard(FastAPI(), policy=GuardPolicy(secrets=(secret,)), identity=identity))

    before = open_kit(OLD, OLD)
    ada = before.add_account("ada@example.org")
    code = before.add_app(ada)()
    after = open_kit(NEW, NEW, OLD)  # both were rotated: the sealing secret stays behind the new one
    assert after.parts.factors.totp.verify(ada, code)
    late = open_kit(NEW, NEW)
    with pytest.raises(SealRefusedError):
        late.parts.factors.totp.verify(ada, code)
    for kit in (before, after, late):
        kit.parts.sessions.close()


def test_tokens_of_the_secret_before_are_still_read() -> None:
    def build(*secrets: Secret[str]) -> Any:
        return Guard(FastAPI(), policy=GuardPolicy(secrets=secrets), identity=Identity()).identity

    before, after = build(OLD), build(NEW, OLD)
    account = IdentityKit(Guard(FastAPI(), policy=GuardPolicy(), identity=Identity())).add_account("a@example.org")
    before.desk.accounts.create(account)
    after.desk.accounts.create(account)
    token = before.tokens.issue(account.id, epoch=0)
    assert after.tokens.verify(token).subject == account.id


def test_what_the_policy_names_is_kept(tmp_path: Path) -> None:
    bearer = BearerPolicy(verify=lambda _: Caller("7"))
    limits = MemoryLimits()
    sessions = SqliteSessions(tmp_path / "sessions.sqlite")
    policy = GuardPolicy(bearer=bearer, store=sessions, rate_limits=RateLimitPolicy(store=limits))
    key = generate_key()
    guard = Guard(FastAPI(), policy=policy, identity=Identity(token_key=key))
    assert guard.identity is not None
    assert guard.policy.bearer is bearer
    assert guard.policy.limits_of_all.store is limits
    assert guard.identity.sessions.inner is sessions
    assert [one["kid"] for one in guard.identity.tokens.export_keys()["keys"]] == [key.key_id]
    sessions.close()


def test_the_kit_tells_what_it_lacks() -> None:
    with pytest.raises(ConfigError):
        IdentityKit(Guard(FastAPI(), policy=GuardPolicy()))
    kit = IdentityKit(Guard(FastAPI(), policy=GuardPolicy(), identity=Identity()))
    kit.add_account("ada@example.org")
    with pytest.raises(ConfigError):
        kit.add_account("ada@example.org")
    with pytest.raises(ConfigError):
        kit.last_token()
    real = Identity(mailer=SmtpMailer(host="mail.notes.example", sender="notes@notes.example"))
    with pytest.raises(ConfigError):
        _ = IdentityKit(Guard(FastAPI(), policy=GuardPolicy(), identity=real)).mails
