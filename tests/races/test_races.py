"""Fifty requests use one thing at once that is good once: exactly one wins, in each store.

Three rounds of each by default; a hundred by `make races`.
"""

import re
from base64 import b32decode
from collections.abc import Callable
from typing import Any

import pytest

from vallum.base.errors import RefusedError
from vallum.base.secret import Secret
from vallum.crypto.otp.totp import Totp
from vallum.guard.authentication.lifecycle.email_proof import EmailChange, EmailProof
from vallum.guard.authentication.lifecycle.invitations import Invitations
from vallum.guard.authentication.lifecycle.registration import Registration
from vallum.guard.authentication.lifecycle.reset import PasswordReset
from vallum.guard.authentication.lockout import Lockout
from vallum.guard.authentication.login import HALF_LOGIN, Login
from vallum.guard.authentication.mfa.email_code import EmailCode
from vallum.guard.authentication.mfa.passkeys import Passkeys
from vallum.guard.authentication.mfa.recovery import RecoveryCodes
from vallum.guard.authentication.mfa.relying_party import RelyingParty
from vallum.guard.authentication.mfa.second_factor import SecondFactor
from vallum.guard.authentication.mfa.totp import TotpFactor
from vallum.guard.errors.public import PublicError
from vallum.guard.oauth.state import Transactions
from vallum.guard.tokens.access_tokens import AccessTokens, generate_key
from vallum.guard.tokens.refresh import RefreshTokens
from vallum.guard.tokens.revocation import Revocation
from vallum.stores.limits_memory import MemoryLimits
from vallum.stores.sessions import SessionRecord

SQL = ("memory", "sqlite", "postgres")
EVERYWHERE = (*SQL, "valkey")
CLIENT = "203.0.113.9"
everywhere = pytest.mark.parametrize("kind", EVERYWHERE)
sql_only = pytest.mark.parametrize("kind", SQL)


@pytest.fixture
def race(crowd: Any, rounds: int) -> Callable[..., None]:
    """`race(prepare)`: each round has fifty threads call what `prepare(number)` returns; one of them gets something.

    What a block refuses, and False and None, is nothing; a store that fails fails the test.
    """

    def run(prepare: Callable[[int], Callable[[], Any]]) -> None:
        for number in range(rounds):
            use = prepare(number)

            def attempt(_: int, use: Callable[[], Any] = use) -> bool:
                try:
                    return bool(use())
                except (PublicError, RefusedError):
                    return False

            assert sum(crowd(attempt)) == 1

    return run


def session(now: float) -> SessionRecord:
    return SessionRecord(digest=b"here", actor_id="ann", created=now, seen=now, idle_seconds=9e9, deadline=9e9)


@everywhere
def test_a_reset_link(table: Any, race: Any) -> None:
    reset = PasswordReset(desk=table.desk, limits=table.limits)

    def prepare(number: int) -> Callable[[], Any]:
        reset.begin("ann@example.org")
        link = table.link()
        return lambda: reset.confirm(link, f"nine green crayons {number}")

    race(prepare)
    assert sum("was changed" in mail.subject for mail in table.mailer.sent) == table.accounts.find("ann").epoch


@everywhere
def test_an_invitation(table: Any, race: Any) -> None:
    invitations = Invitations(desk=table.desk, limits=table.limits)

    def prepare(number: int) -> Callable[[], Any]:
        invitations.invite(f"guest{number}@example.org", ["editor"])
        link = table.link()
        return lambda: invitations.accept(link, "nine green crayons")

    race(prepare)


@everywhere
def test_a_registration_link(table: Any, race: Any) -> None:
    registration = Registration(desk=table.desk, limits=table.limits)

    def prepare(number: int) -> Callable[[], Any]:
        registration.begin(f"new{number}@example.org", "nine green crayons")
        link = table.link()
        return lambda: registration.confirm(link, "nine green crayons")

    race(prepare)


@everywhere
def test_the_links_of_an_address(table: Any, race: Any) -> None:
    login = Login(
        accounts=table.accounts, passwords=table.passwords, lockout=Lockout(MemoryLimits()), limits=table.limits
    )
    proof = EmailProof(desk=table.desk, limits=table.limits)
    change = EmailChange(desk=table.desk, login=login, limits=table.limits)

    def prove(_: int) -> Callable[[], Any]:
        table.desk.change("ann", lambda _: {"email_proved": None})
        proof.begin("ann@example.org")
        link = table.link()
        return lambda: proof.confirm(link)

    def move(number: int) -> Callable[[], Any]:
        change.begin(table.accounts.find("ann"), f"ann{number}@example.org", "seven blue pencils", client=CLIENT)
        link = table.link()
        return lambda: change.confirm(link)

    race(prove)
    race(move)


@sql_only
def test_a_totp_code(table: Any, race: Any) -> None:
    totp = TotpFactor(desk=table.factors, limits=table.limits)
    offer = totp.begin(table.ann, session(table.now))
    secret = Secret(b32decode(offer.secret.reveal()))
    totp.confirm(table.ann, session(table.now), offer.factor_id, Totp().make_code(secret, table.now))

    def prepare(_: int) -> Callable[[], Any]:
        table.now += 30
        code = Totp().make_code(secret, table.now)
        return lambda: totp.verify(table.ann, code)

    race(prepare)


@sql_only
def test_a_recovery_code(table: Any, race: Any) -> None:
    recovery = RecoveryCodes(desk=table.factors)

    def prepare(_: int) -> Callable[[], Any]:
        code = recovery.issue(table.ann, session(table.now))[3].reveal()
        return lambda: recovery.verify(table.ann, code)

    race(prepare)


@everywhere
def test_a_code_by_mail(table: Any, race: Any) -> None:
    mail = EmailCode(desk=table.factors, limits=table.limits)
    mail.enable(table.ann, session(table.now))

    def prepare(number: int) -> Callable[[], Any]:
        mail.send(table.ann, browser=f"cookie {number}")
        (code,) = set(re.findall(r"\b\d{6}\b", table.mailer.sent[-1].text))
        return lambda: mail.verify(table.ann, code, browser=f"cookie {number}")

    race(prepare)


@everywhere
def test_half_a_login(table: Any, race: Any) -> None:
    """Whatever factor completes it: here one that always agrees."""
    always = type("Always", (), {"verify": lambda *_, **__: True})()
    second = SecondFactor(desk=table.desk, checks={"any": always}, limits=table.limits, account_limit=table.limits)
    login = Login(
        accounts=table.accounts,
        passwords=table.passwords,
        lockout=Lockout(MemoryLimits()),
        limits=table.limits,
        half_logins=table.proofs,
        needs_factor=lambda _: True,
        clock=table.desk.clock,
    )

    def prepare(_: int) -> Callable[[], Any]:
        half = login.authenticate("ann", "seven blue pencils", client=CLIENT).half
        assert half is not None
        return lambda: second.complete(half.reveal(), "any", "", client=CLIENT)

    race(prepare)
    assert table.proofs.drop_account("ann", (HALF_LOGIN,)) == 0


@everywhere
def test_a_passkey_challenge(table: Any, race: Any) -> None:
    """One answer fifty times, and fifty answers to one challenge."""
    passkeys = Passkeys(desk=table.factors, party=RelyingParty("https://notes.example"), limits=table.limits)
    table.store.add(table.device.record("ann"))

    def prepare(number: int) -> Callable[[], Any]:
        challenge = passkeys.challenge(browser="visitor")["challenge"]
        answers = [table.device.answer(challenge) for _ in range(1 if number % 2 else 50)] * 50
        return lambda: passkeys.authenticate(answers.pop(), browser="visitor")

    race(prepare)


@everywhere
def test_an_oauth_state(table: Any, race: Any) -> None:
    transactions = Transactions(store=table.proofs, clock=table.desk.clock)

    def prepare(_: int) -> Callable[[], Any]:
        pending = transactions.begin("google")
        return lambda: transactions.consume("google", pending.state, pending.browser)

    race(prepare)


def open_tokens(table: Any, grace: float) -> RefreshTokens:
    revocation = Revocation(store=table.open("revocations"), clock=table.desk.clock)
    tokens = AccessTokens(
        key=generate_key("EdDSA"),
        issuer="https://id.example",
        audience="api",
        clock=table.desk.clock,
        revoked=revocation,
    )
    return RefreshTokens(
        store=table.open("refresh"),
        tokens=tokens,
        revocation=revocation,
        key=Secret(bytes(range(32))),
        grace=grace,
        clock=table.desk.clock,
    )


@everywhere
def test_a_refresh_token(table: Any, race: Any) -> None:
    refresh = open_tokens(table, 0)

    def prepare(_: int) -> Callable[[], Any]:
        first = refresh.begin("ann", epoch=0).refresh_token
        return lambda: refresh.renew(first)

    race(prepare)


@everywhere
def test_a_refresh_token_in_its_seconds_of_grace(table: Any, crowd: Any, rounds: int) -> None:
    """All tabs get the same successor, so there is one all the same, and it works once."""
    refresh = open_tokens(table, 5)
    for _ in range(rounds):
        first = refresh.begin("ann", epoch=0).refresh_token
        pairs = crowd(lambda _, first=first: refresh.renew(first))
        assert len({pair.refresh_token for pair in pairs}) == 1
