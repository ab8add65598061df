from typing import Any

import pytest

from vallum.guard.tokens.access_tokens import AccessTokens, BearerRefusedError, Claims, generate_key
from vallum.guard.tokens.revocation import LONGEST, Revocation, end_account
from vallum.stores.accounts import AccountRecord
from vallum.stores.memory.accounts import MemoryAccounts
from vallum.stores.memory.revocations import MemoryRevocations

NOW = 1_800_000_000.0
KEY = generate_key()


class World:
    def __init__(self) -> None:
        self.now = NOW
        self.accounts = MemoryAccounts()
        self.accounts.create(AccountRecord(id="u1", login="ann", created=NOW))
        self.store = MemoryRevocations(self.accounts)
        self.revocation = Revocation(store=self.store, clock=lambda: self.now)
        self.tokens = AccessTokens(
            key=KEY, issuer="https://id.example", audience="api", clock=lambda: self.now, revoked=self.revocation
        )

    def issue(self, **options: Any) -> str:
        return self.tokens.issue("u1", **{"epoch": 0, **options})


@pytest.fixture
def world() -> World:
    return World()


def refuse(world: World, token: str) -> str:
    with pytest.raises(BearerRefusedError) as caught:
        world.tokens.verify(token)
    return caught.value.cause


def test_a_token_of_the_present_epoch_is_good(world: World) -> None:
    claims = world.tokens.verify(world.issue(session="s1"))
    assert (claims.subject, claims.epoch, claims.session) == ("u1", 0, "s1")
    assert claims.extra == {}


def test_logout_ends_a_token_that_was_seen_before_and_no_other(world: World) -> None:
    token, other = world.issue(), world.issue()
    world.revocation.end_token(world.tokens.verify(token))
    assert refuse(world, token) == "revoked"
    assert world.tokens.verify(other).subject == "u1"


def test_logout_ends_the_other_tokens_of_the_same_login(world: World) -> None:
    token, other, elsewhere = world.issue(session="s1"), world.issue(session="s1"), world.issue(session="s2")
    assert world.tokens.verify(other)
    world.revocation.end_token(world.tokens.verify(token))
    assert refuse(world, token) == refuse(world, other) == "revoked"
    assert world.tokens.verify(elsewhere)


def test_a_session_cannot_be_named_like_a_token(world: World) -> None:
    claims = world.tokens.verify(world.issue())
    world.revocation.end_session(claims.token_id)
    assert world.tokens.verify(world.issue(session="x"))
    assert not world.revocation(claims)


@pytest.mark.parametrize("epoch", [None, 1, 7])
def test_a_token_without_the_present_epoch_is_refused(world: World, epoch: int | None) -> None:
    assert refuse(world, world.issue(epoch=epoch)) == "revoked"


def test_cve_2025_65431_disabling_ending_and_deleting_an_account_end_its_tokens(world: World) -> None:
    token = world.issue()
    assert world.tokens.verify(token)
    assert end_account(world.accounts, "u1")
    assert refuse(world, token) == "revoked"
    token = world.issue(epoch=1)
    assert world.tokens.verify(token)
    assert world.accounts.change("u1", 1, is_active=False)
    assert refuse(world, token) == "revoked"
    assert world.accounts.change("u1", 2, is_active=True)
    assert world.tokens.verify(token)
    world.accounts.delete("u1")
    assert refuse(world, token) == "revoked"
    assert not end_account(world.accounts, "u1")


def test_two_who_end_an_account_at_once_both_succeed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    change, calls = world.accounts.change, []

    def change_late(account_id: str, version: int, **options: Any) -> bool:
        if not calls:
            calls.append(change(account_id, version, bump=True))
        return change(account_id, version, **options)

    monkeypatch.setattr(world.accounts, "change", change_late)
    assert end_account(world.accounts, "u1")
    account = world.accounts.find("u1")
    assert account is not None
    assert account.epoch == 2


def test_a_store_that_is_down_lets_nobody_in(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    token = world.issue()
    assert world.tokens.verify(token)

    def fail(*_: object) -> None:
        raise OSError("down")

    monkeypatch.setattr(world.store, "read", fail)
    assert refuse(world, token) == "revocation-unknown: OSError"


def test_an_entry_lasts_until_the_token_ends_by_itself(world: World) -> None:
    token = world.issue(session="s1")
    claims = world.tokens.verify(token)
    world.revocation.end_token(claims)
    world.now = claims.expires + 29
    assert world.store.is_revoked(claims.token_id, world.now)
    world.now = NOW + LONGEST
    assert world.store.purge(world.now) == 2


def test_what_a_deny_list_is_asked_is_never_the_token(world: World) -> None:
    token = world.issue()
    claims: Claims = world.tokens.verify(token)
    assert len(claims.token_id) == 22
    assert claims.token_id not in token
