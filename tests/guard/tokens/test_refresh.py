from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.logging.events import Event, Level
from vallum.guard.tokens import refresh as module
from vallum.guard.tokens.access_tokens import AccessTokens, BearerRefusedError, generate_key
from vallum.guard.tokens.refresh import RefreshTokens, TokenPair
from vallum.guard.tokens.revocation import WEEK, Revocation, end_account
from vallum.stores.accounts import AccountRecord
from vallum.stores.memory.accounts import MemoryAccounts
from vallum.stores.memory.refresh import MemoryRefresh
from vallum.stores.memory.revocations import MemoryRevocations

NOW = 1_800_000_000.0
KEY = generate_key()
SECRET = Secret(bytes(range(32)))


class World:
    def __init__(self, **options: Any) -> None:
        self.now = NOW
        self.accounts = MemoryAccounts()
        self.accounts.create(AccountRecord(id="u1", login="ann", created=NOW))
        self.store = MemoryRefresh()
        self.revocation = Revocation(store=MemoryRevocations(self.accounts), clock=lambda: self.now)
        self.tokens = AccessTokens(
            key=KEY, issuer="https://id.example", audience="api", clock=lambda: self.now, revoked=self.revocation
        )
        settings: dict[str, Any] = {
            "store": self.store,
            "tokens": self.tokens,
            "revocation": self.revocation,
            "key": SECRET,
            "clock": lambda: self.now,
        }
        self.refresh = RefreshTokens(**{**settings, **options})

    def begin(self, **options: Any) -> TokenPair:
        return self.refresh.begin("u1", **{"epoch": 0, "scope": "notes:read", **options})

    def is_alive(self, pair: TokenPair) -> bool:
        try:
            return self.tokens.verify(pair.access_token).subject == "u1"
        except BearerRefusedError:
            return False


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    written: list[Event] = []
    monkeypatch.setattr(module, "note_event", written.append)
    return written


def refuse(world: World, refresh: str, **options: Any) -> str:
    with pytest.raises(BearerRefusedError) as caught:
        world.refresh.renew(refresh, **options)
    assert caught.value.refusal.status == 401
    assert str(caught.value) == "The access token is not valid."
    return caught.value.cause


def test_a_login_brings_a_pair(world: World) -> None:
    pair = world.begin()
    claims = world.tokens.verify(pair.access_token)
    assert (claims.subject, claims.extra["scope"], claims.epoch) == ("u1", "notes:read", 0)
    assert len(pair.refresh_token) == 43
    assert pair.response() == {
        "access_token": pair.access_token,
        "refresh_token": pair.refresh_token,
        "expires_in": 900,
        "token_type": "Bearer",
    }
    assert repr(pair) == "TokenPair(expires_in=900)"


def test_the_store_sees_digests_only(world: World) -> None:
    pair = world.begin()
    record = world.store.find(sha256(pair.refresh_token.encode()).digest(), NOW)
    assert record is not None
    assert pair.refresh_token not in repr(record)
    newer = world.refresh.renew(pair.refresh_token)
    assert newer.refresh_token not in repr(world.store._rows)


def test_each_token_works_once_and_the_chain_goes_on(world: World) -> None:
    pair = world.begin()
    seen = {pair.refresh_token}
    for _ in range(20):
        world.now += 600
        pair = world.refresh.renew(pair.refresh_token)
        assert world.is_alive(pair)
        assert pair.refresh_token not in seen
        seen.add(pair.refresh_token)
    sessions = {world.tokens.verify(pair.access_token).session}
    assert len(sessions) == 1


def test_a_replaced_token_ends_the_family_with_its_access_tokens(world: World, events: list[Event]) -> None:
    first, other = world.begin(), world.begin()
    second = world.refresh.renew(first.refresh_token)
    third = world.refresh.renew(second.refresh_token)
    assert world.is_alive(first)
    assert refuse(world, first.refresh_token) == "refresh-reused"
    assert [world.is_alive(pair) for pair in (first, second, third)] == [False, False, False]
    assert refuse(world, third.refresh_token) == "refresh-unknown"
    assert world.is_alive(other)
    assert world.refresh.renew(other.refresh_token)
    (event,) = events
    assert (event.name, event.level) == ("token-reused", Level.ERROR)
    assert first.refresh_token not in str(event.detail())


def test_two_tabs_get_the_same_successor_within_the_grace(world: World) -> None:
    first = world.begin()
    one = world.refresh.renew(first.refresh_token)
    world.now += 5
    two = world.refresh.renew(first.refresh_token)
    assert one.refresh_token == two.refresh_token
    assert world.is_alive(one)
    assert world.is_alive(two)
    assert world.refresh.renew(two.refresh_token)


def test_after_the_grace_the_second_tab_is_a_thief(world: World, events: list[Event]) -> None:
    first = world.begin()
    one = world.refresh.renew(first.refresh_token)
    world.now += 5.1
    assert refuse(world, first.refresh_token) == "refresh-reused"
    assert refuse(world, one.refresh_token) == "refresh-unknown"
    assert len(events) == 1


def test_the_grace_ends_when_the_successor_was_used(world: World, events: list[Event]) -> None:
    first = world.begin()
    second = world.refresh.renew(first.refresh_token)
    third = world.refresh.renew(second.refresh_token)
    assert refuse(world, first.refresh_token) == "refresh-reused"
    assert not world.is_alive(third)


def test_without_grace_every_second_use_is_a_reuse(events: list[Event]) -> None:
    world = World(grace=0)
    first = world.begin()
    world.refresh.renew(first.refresh_token)
    world.now += 0.001
    assert refuse(world, first.refresh_token) == "refresh-reused"


def test_another_key_in_the_grace_gives_nothing_and_kills_nothing(world: World) -> None:
    first = world.begin()
    second = world.refresh.renew(first.refresh_token)
    other = RefreshTokens(
        store=world.store,
        tokens=world.tokens,
        revocation=world.revocation,
        key=Secret(bytes(range(1, 33))),
        clock=lambda: world.now,
    )
    with pytest.raises(BearerRefusedError) as caught:
        other.renew(first.refresh_token)
    assert caught.value.cause == "refresh-grace"
    assert world.refresh.renew(second.refresh_token)


def test_fifty_at_once_get_one_successor(world: World) -> None:
    first = world.begin()
    with ThreadPoolExecutor(16) as pool:
        pairs = list(pool.map(lambda _: world.refresh.renew(first.refresh_token), range(50)))
    assert len({pair.refresh_token for pair in pairs}) == 1


def test_a_family_dies_a_week_after_its_login_however_often_it_is_renewed(world: World) -> None:
    pair = world.begin()
    for day in range(1, 7):
        world.now = NOW + day * 86_400
        pair = world.refresh.renew(pair.refresh_token)
    world.now = NOW + WEEK - 1
    pair = world.refresh.renew(pair.refresh_token)
    world.now = NOW + WEEK
    assert refuse(world, pair.refresh_token) == "refresh-unknown"


def test_logout_ends_refresh_and_access_tokens(world: World) -> None:
    pair = world.begin()
    assert world.refresh.end(pair.refresh_token)
    assert not world.is_alive(pair)
    assert refuse(world, pair.refresh_token) == "refresh-unknown"
    assert not world.refresh.end(pair.refresh_token)
    by_access = world.begin()
    assert world.refresh.end_session(world.tokens.verify(by_access.access_token).session)
    assert refuse(world, by_access.refresh_token) == "refresh-unknown"


def test_a_logout_by_the_access_token_alone_stops_the_refresh_token_for_good(world: World) -> None:
    pair = world.begin()
    world.revocation.end_token(world.tokens.verify(pair.access_token))
    world.now = NOW + WEEK - 1
    assert refuse(world, pair.refresh_token) == "refresh-account-ended"


def test_a_new_epoch_ends_every_family(world: World) -> None:
    pair = world.begin()
    end_account(world.accounts, "u1")
    assert refuse(world, pair.refresh_token) == "refresh-account-ended"
    assert refuse(world, pair.refresh_token) == "refresh-unknown"
    assert world.refresh.renew(world.begin(epoch=1).refresh_token)


def test_a_token_belongs_to_its_client_and_its_key(world: World) -> None:
    pair = world.begin(client="app", key_thumbprint="k1")
    assert pair.response()["token_type"] == "DPoP"
    for options in ({}, {"client": "app"}, {"client": "other", "key_thumbprint": "k1"}):
        assert refuse(world, pair.refresh_token, **options) == "refresh-of-another-client"
    newer = world.refresh.renew(pair.refresh_token, client="app", key_thumbprint="k1")
    assert world.tokens.verify(newer.access_token, key_thumbprint="k1").key_thumbprint == "k1"
    assert not world.is_alive(newer)


@given(st.text(max_size=60))
def test_any_text_is_refused_cleanly(text: str) -> None:
    assert refuse(World(), text) == "refresh-unknown"


def test_roles_are_read_anew_at_each_renewal() -> None:
    roles = [["reader"], ["admin"]]
    world = World(claims=lambda record: {"roles": roles.pop()})
    pair = world.begin()
    assert world.tokens.verify(pair.access_token).extra["roles"] == ["admin"]
    assert world.tokens.verify(world.refresh.renew(pair.refresh_token).access_token).extra["roles"] == ["reader"]


def test_randomness_that_repeats_is_refused() -> None:
    world = World(randomness=bytes)
    world.begin()
    with pytest.raises(BearerRefusedError) as caught:
        world.begin()
    assert caught.value.cause == "refresh-collision"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"life": WEEK + 1}, "refresh"),
        ({"life": 0}, "refresh"),
        ({"grace": 31}, "refresh"),
        ({"grace": -1}, "refresh"),
        ({"key": Secret(b"x" * 31)}, "weak-key"),
        ({"tokens": AccessTokens(key=KEY, issuer="https://id.example", audience="api")}, "refresh-revocation"),
    ],
)
def test_loose_settings_are_refused(options: dict[str, Any], code: str) -> None:
    with pytest.raises(ConfigError) as caught:
        World(**options)
    assert caught.value.code == code
