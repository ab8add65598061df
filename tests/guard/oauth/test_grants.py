"""Refresh tokens of providers: sealed, replaced at every use, one refresh at a time."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from vallum.base.secret import Secret
from vallum.guard.crypto.sealing import SealedBox, SealRefusedError, generate_field_key
from vallum.guard.oauth.grants import GrantBusyError, GrantEndedError, Grants
from vallum.guard.oauth.refusals import ProviderDownError
from vallum.guard.oauth.token_endpoint import TokenEndpointError
from vallum.guard.oauth.transport import HttpReply
from vallum.stores.memory.grants import MemoryGrants


@pytest.fixture
def grants(kit: Any) -> Grants:
    box = SealedBox.from_secrets([generate_field_key()])
    made = Grants(client=kit.client, store=MemoryGrants(), box=box, clock=kit.clock)
    assert made.keep("ada", kit.arrive())
    return made


def test_the_store_sees_no_token(grants: Grants):
    record = grants.store.find("ada", "https://id.example")
    assert record is not None
    assert "refresh-1" not in record.sealed
    assert record.sealed not in repr(record)


def test_a_token_is_used_until_a_minute_before_its_end(kit: Any, grants: Grants):
    kit.clock.now += 539
    assert grants.access_token("ada", "fake").reveal() == "access-1"
    assert kit.issuer.refreshes == []


def test_each_refresh_sends_the_token_of_the_last(kit: Any, grants: Grants):
    for number in (2, 3, 4):
        kit.clock.now += 600
        assert grants.access_token("ada", "fake").reveal() == f"access-{number}"
    assert kit.issuer.refreshes == ["refresh-1", "refresh-2", "refresh-3"]


def test_a_provider_that_does_not_rotate_keeps_its_token(kit: Any, grants: Grants):
    kit.issuer.answer = lambda answer: {k: v for k, v in answer.items() if k not in {"refresh_token", "expires_in"}}
    kit.clock.now += 600
    assert grants.access_token("ada", "fake").reveal() == "access-2"
    kit.clock.now += 239
    assert grants.access_token("ada", "fake").reveal() == "access-2"  # 300 seconds, where nothing is told
    kit.clock.now += 60
    with pytest.raises(GrantEndedError):  # this issuer knows "refresh-2" by now, and gets "refresh-1" again
        grants.access_token("ada", "fake")


def test_invalid_grant_drops_the_grant(kit: Any, grants: Grants):
    kit.issuer.refreshes.append("used by a thief")
    kit.clock.now += 600
    for _ in range(2):
        with pytest.raises(GrantEndedError) as caught:
            grants.access_token("ada", "fake")
        assert caught.value.refusal.status == 401
    assert grants.store.find("ada", "https://id.example") is None


def test_an_outage_or_another_refusal_keeps_the_grant(kit: Any, grants: Grants):
    kit.clock.now += 600
    kit.issuer.down = {"/token"}
    with pytest.raises(ProviderDownError):
        grants.access_token("ada", "fake")
    kit.issuer.down, kit.clock.now = set(), kit.clock.now + 30
    kit.issuer.instead["/token"] = HttpReply(
        status=401, content_type="application/json", body=b'{"error":"invalid_client"}'
    )
    with pytest.raises(TokenEndpointError):
        grants.access_token("ada", "fake")
    del kit.issuer.instead["/token"]
    kit.clock.now += 30
    assert grants.access_token("ada", "fake").reveal() == "access-2"


def test_of_20_parallel_callers_one_refreshes(kit: Any, grants: Grants):
    kit.clock.now += 600
    barrier = threading.Barrier(20)

    def ask(_: int) -> str:
        barrier.wait()
        try:
            return grants.access_token("ada", "fake").reveal()
        except GrantBusyError:
            return "busy"

    with ThreadPoolExecutor(20) as pool:
        outcomes = set(pool.map(ask, range(20)))
    assert kit.issuer.refreshes == ["refresh-1"]
    assert "access-2" in outcomes <= {"access-2", "busy"}


def test_meanwhile_the_old_token_is_used_while_it_lasts(kit: Any, grants: Grants):
    kit.clock.now += 550
    assert grants.store.claim("ada", "https://id.example", 0, kit.clock.now, kit.clock.now + 30)
    assert grants.access_token("ada", "fake").reveal() == "access-1"
    kit.clock.now += 50
    assert grants.access_token("ada", "fake").reveal() == "access-2"  # whoever was busy has given up


def test_who_disconnects_during_a_refresh_stays_disconnected(kit: Any, grants: Grants):
    kit.clock.now += 600

    def drop(answer: dict[str, Any]) -> dict[str, Any]:
        grants.store.drop_account("ada")
        return answer

    kit.issuer.answer = drop
    with pytest.raises(GrantEndedError):
        grants.access_token("ada", "fake")
    assert grants.store.find("ada", "https://id.example") is None


def test_disconnecting_revokes(kit: Any, grants: Grants):
    assert grants.disconnect("ada", "fake")
    assert kit.issuer.seen[-1].url == "https://id.example/revoke"
    assert kit.issuer.seen[-1].form["token"] == "refresh-1"
    assert not grants.disconnect("ada", "fake")
    with pytest.raises(GrantEndedError):
        grants.access_token("ada", "fake")


def test_disconnecting_during_an_outage_drops_it_here_and_says_so(kit: Any, grants: Grants):
    kit.issuer.down = {"/revoke"}
    assert not grants.disconnect("ada", "fake")
    assert grants.store.find("ada", "https://id.example") is None


def test_a_grant_of_another_account_does_not_open(kit: Any, grants: Grants):
    record = grants.store.find("ada", "https://id.example")
    assert record is not None
    grants.store.add(replace(record, account_id="eve"))
    with pytest.raises(SealRefusedError):
        grants.access_token("eve", "fake")


def test_without_a_refresh_token_nothing_is_kept(kit: Any, grants: Grants):
    arrival = kit.arrive()
    bare = replace(arrival, tokens=replace(arrival.tokens, access_token=Secret("x"), refresh_token=None))
    assert not grants.keep("bob", bare)
    assert grants.store.find("bob", "https://id.example") is None


def test_who_comes_during_a_refresh_is_asked_to_come_again(kit: Any, grants: Grants):
    kit.clock.now += 600
    assert grants.store.claim("ada", "https://id.example", 0, kit.clock.now, kit.clock.now + 30)
    with pytest.raises(GrantBusyError) as caught:
        grants.access_token("ada", "fake")
    assert caught.value.refusal.status == 503
    assert kit.issuer.refreshes == []
