"""Accounts are found by issuer and subject and linked by proof on both sides."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from vallum.guard.oauth.client import Arrival
from vallum.guard.oauth.identity_links import IdentityLinks, LinkIdentityError, RecentLoginError
from vallum.stores.memory.links import MemoryLinks


@pytest.fixture
def links(kit: Any) -> IdentityLinks:
    return IdentityLinks(store=MemoryLinks(), clock=kit.clock)


@pytest.fixture
def arrival(kit: Any) -> Arrival:
    arrived: Arrival = kit.arrive()
    return arrived


def link_as(kit: Any, links: IdentityLinks, account_id: str) -> Any:
    departure = links.begin(kit.client, "fake", account_id=account_id, proved_at=kit.clock.now - 10)
    return kit.client.finish("fake", kit.issuer.authorize(departure.url), browser=departure.browser)


def test_a_new_identity_makes_one_account(links: IdentityLinks, arrival: Arrival):
    assert links.find_account(arrival.identity) is None
    assert links.admit(arrival, lambda identity: f"new-{identity.subject}") == "new-ada"
    assert links.admit(arrival, lambda _: pytest.fail("made a second account")) == "new-ada"


def test_the_subject_of_another_issuer_is_somebody_else(links: IdentityLinks, arrival: Arrival):
    links.admit(arrival, lambda _: "first")
    other = replace(arrival, identity=replace(arrival.identity, issuer="https://other.example"))
    assert links.admit(other, lambda _: "second") == "second"


def test_an_address_links_nothing(links: IdentityLinks, arrival: Arrival):
    same = replace(arrival.identity, email="ada@example.org", email_verified=True)
    links.admit(replace(arrival, identity=same), lambda _: "ada")
    assert links.find_account(replace(same, subject="eve")) is None


def test_of_parallel_first_sign_ins_all_reach_one_account(links: IdentityLinks, arrival: Arrival):
    with ThreadPoolExecutor(20) as pool:
        reached = list(pool.map(lambda number: links.admit(arrival, lambda _: f"account-{number}"), range(20)))
    assert len(set(reached)) == 1


def test_linking_needs_a_recent_login(kit: Any, links: IdentityLinks):
    for proved_at in (kit.clock.now - 301, kit.clock.now + 1):
        with pytest.raises(RecentLoginError):
            links.begin(kit.client, "fake", account_id="ada", proved_at=proved_at)
    with pytest.raises(RecentLoginError):
        links.begin(kit.client, "fake", account_id="", proved_at=kit.clock.now)


def test_linking_needs_the_session_that_began_it(kit: Any, links: IdentityLinks):
    arrival = link_as(kit, links, "ada")
    for other in ("eve", ""):
        with pytest.raises(LinkIdentityError):
            links.link(arrival, account_id=other)
    assert links.find_account(arrival.identity) is None
    links.link(arrival, account_id="ada")
    links.link(arrival, account_id="ada")
    assert links.find_account(arrival.identity) == "ada"


def test_a_sign_in_is_no_link_and_a_link_no_sign_in(kit: Any, links: IdentityLinks, arrival: Arrival):
    with pytest.raises(LinkIdentityError):
        links.link(arrival, account_id="ada")
    with pytest.raises(LinkIdentityError):
        links.link(arrival, account_id="")
    with pytest.raises(LinkIdentityError):
        links.admit(link_as(kit, links, "ada"), lambda _: "new")


def test_an_identity_of_another_account_stays_there(kit: Any, links: IdentityLinks, arrival: Arrival):
    links.admit(arrival, lambda _: "bob")
    with pytest.raises(LinkIdentityError) as caught:
        links.link(link_as(kit, links, "ada"), account_id="ada")
    assert caught.value.refusal.status == 409
    assert links.find_account(arrival.identity) == "bob"


def test_a_step_up_takes_no_other_identity(links: IdentityLinks, arrival: Arrival):
    """Bugs GHSA-f66q-9rf6-8795 and GHSA-97r5-pg8x-p63p: a re-login by another user's OAuth account was accepted."""
    links.admit(arrival, lambda _: "ada")
    links.confirm(arrival, account_id="ada")
    eve = replace(arrival, identity=replace(arrival.identity, subject="eve"))
    for other, account_id in ((arrival, "bob"), (arrival, ""), (eve, "ada")):
        with pytest.raises(LinkIdentityError):
            links.confirm(other, account_id=account_id)


def test_the_last_way_in_stays(links: IdentityLinks, arrival: Arrival):
    links.admit(arrival, lambda _: "ada")
    with pytest.raises(LinkIdentityError, match="cannot be linked"):
        links.unlink(arrival.identity, account_id="ada", has_other_way=False)
    assert not links.unlink(arrival.identity, account_id="eve", has_other_way=True)
    assert links.unlink(arrival.identity, account_id="ada", has_other_way=True)
    assert links.find_account(arrival.identity) is None


def test_who_loses_the_race_for_an_identity_gets_the_winner(links: IdentityLinks, arrival: Arrival):
    def create(_: object) -> str:
        assert links.admit(arrival, lambda _: "winner") == "winner"
        return "loser"

    assert links.admit(arrival, create) == "winner"


def test_a_link_that_comes_and_goes_signs_nobody_in(
    links: IdentityLinks, arrival: Arrival, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(links.store, "link", lambda record: False)
    with pytest.raises(LinkIdentityError):
        links.admit(arrival, lambda _: "new")
