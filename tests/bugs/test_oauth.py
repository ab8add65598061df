"""A sign-in with another provider ends in the browser that began it, once, and names who by issuer and subject."""

from dataclasses import replace
from typing import Any

from vallum.guard.oauth.identity_links import IdentityLinks
from vallum.stores.memory.links import MemoryLinks


def test_bug_04_cve_2025_68481_a_callback_from_a_second_browser_is_refused(kit: Any, every_proofs: Any) -> None:
    client = kit.build(store=every_proofs)
    victims, attackers = client.begin("fake"), client.begin("fake")
    prepared = kit.issuer.authorize(attackers.url)
    assert kit.cause(lambda: client.finish("fake", prepared, browser=victims.browser)).startswith("state-browser")
    assert kit.cause(lambda: client.finish("fake", prepared, browser="")).startswith("cookie-missing")
    assert kit.cause(lambda: client.look("fake", prepared, browser=victims.browser)).startswith("state-browser")
    own = kit.issuer.authorize(victims.url)
    assert client.finish("fake", own, browser=victims.browser).identity.subject == "ada"
    assert kit.cause(lambda: client.finish("fake", own, browser=victims.browser)).startswith("state-unknown")


def test_bug_04_cve_2025_14546_a_state_of_nobody_or_of_another_provider_is_refused(kit: Any, every_proofs: Any) -> None:
    other = replace(kit.provider(), name="other", issuer="https://other.example")
    client = kit.build(store=every_proofs, providers=[kit.provider(), other])
    departure = client.begin("fake")
    query = kit.issuer.authorize(departure.url)
    for state in ("", "A" * 43, departure.browser):
        changed = kit.issuer.authorize(departure.url, state=state)
        assert kit.cause(lambda changed=changed: client.finish("fake", changed, browser=departure.browser))
    assert kit.cause(lambda: client.finish("other", query, browser=departure.browser)).startswith("state-provider")


def test_bug_04_cve_2026_41425_verifier_and_nonce_are_of_the_stored_request(kit: Any) -> None:
    first, second = kit.client.begin("fake"), kit.client.begin("fake")
    query = kit.issuer.authorize(first.url)
    code = next(part for part in query.split("&") if part.startswith("code="))
    swapped = "&".join([code, *[part for part in kit.issuer.authorize(second.url).split("&") if "code=" not in part]])
    assert kit.cause(lambda: kit.client.finish("fake", swapped, browser=second.browser))
    kit.issuer.claims = {"nonce": "another"}
    assert "nonce" in kit.cause(kit.arrive)


def test_bug_24_allauth_65_13_0_a_name_that_changes_hands_is_nobody(kit: Any) -> None:
    links = IdentityLinks(store=MemoryLinks(), clock=kit.clock)
    kit.issuer.claims = {"preferred_username": "ada", "email": "ada@example.org", "email_verified": True}
    assert links.admit(kit.arrive(), lambda _: "id-ada") == "id-ada"
    kit.issuer.claims |= {"sub": "eve"}
    assert links.find_account(kit.arrive().identity) is None
    kit.issuer.claims = {"preferred_username": "renamed", "email": "new@example.org"}
    assert links.find_account(kit.arrive().identity) == "id-ada"
