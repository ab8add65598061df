"""Signed links: what was signed opens until it ends, and nothing else does."""

from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.crypto.signed_links import SEVEN_DAYS, LinkRefusedError, SignedLinks

NOW = 1_800_000_000.0
NEW, OLD = Secret("n" * 32), Secret("o" * 32)


def build(now: float = NOW, keys: tuple[Secret[str], ...] = (NEW, OLD), purpose: str = "invoice") -> SignedLinks:
    return SignedLinks(keys, purpose=purpose, clock=lambda: now)


LINKS = build()


def check(link: str, links: SignedLinks = LINKS, **given: Any) -> dict[str, str]:
    parts = urlsplit(link)
    return links.check(unquote(parts.path), parts.query, **given)


def refuse(link: str, links: SignedLinks = LINKS, **given: Any) -> None:
    with pytest.raises(LinkRefusedError) as caught:
        check(link, links, **given)
    assert caught.value.status == 404
    assert caught.value.message == "The link is not valid any more."


def test_a_link_opens_until_it_ends() -> None:
    link = LINKS.sign("/invoices/7.pdf", seconds=60, query={"lang": "de"})
    assert check(link) == {"lang": "de"}
    assert check(link, build(NOW + 59)) == {"lang": "de"}
    refuse(link, build(NOW + 60))


texts = st.text(st.characters(codec="utf-8"), max_size=20)


@given(texts, st.dictionaries(texts.filter(lambda text: text not in {"expires", "signature"}), texts, max_size=4))
def test_whatever_path_and_query(path: str, query: dict[str, str]) -> None:
    link = LINKS.sign("/x" + path, query=query)
    assert check(link) == query


def test_nothing_of_it_can_be_changed() -> None:
    link = LINKS.sign("/invoices/7.pdf", query={"lang": "de", "page": "1"})
    end = str(int(NOW) + 3600)
    for changed in (
        link.replace("7.pdf", "8.pdf"),
        link.replace("lang=de", "lang=en"),
        link.replace("lang=de&", ""),
        link.replace("lang=de", "lang=de&extra=1"),
        link.replace("lang=de&page=1", "lang=de%26page=1"),
        link.replace(end, str(int(end) + 1)),
        link.replace(f"expires={end}", f"expires={end}&expires={int(end) + 99}"),
        link.replace(f"expires={end}&", ""),
        link.replace("signature=", "signature=0"),
        link.split("&signature=", maxsplit=1)[0],
        link[:-1],
        link + "&signature=x",
        link + "&lang=de",
        link.replace(f"expires={end}", "expires=%D9%A1%D9%A2"),
        link.replace(f"expires={end}", "expires="),
        "/invoices/7.pdf",
        "/invoices/7.pdf?" + "x" * 3000,
        "/invoices/7.pdf?%ff",
    ):
        refuse(changed)


def test_the_order_of_the_query_does_not_matter() -> None:
    parts = urlsplit(LINKS.sign("/a", query={"b": "1", "c": "2"}))
    assert LINKS.check("/a", "&".join(reversed(parts.query.split("&")))) == {"b": "1", "c": "2"}


def test_a_link_of_one_bearer_or_purpose_opens_for_no_other() -> None:
    link = LINKS.sign("/a", bound_to="ada")
    assert check(link, bound_to="ada") == {}
    refuse(link)
    refuse(link, bound_to="bob")
    refuse(LINKS.sign("/a"), bound_to="ada")
    refuse(LINKS.sign("/a"), build(purpose="receipt"))


def test_old_keys_check_and_strange_ones_do_not() -> None:
    link = build(keys=(OLD,)).sign("/a")
    assert check(link) == {}
    refuse(link, build(keys=(NEW,)))


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("a", {}),
        ("//evil.example/a", {}),
        ("https://evil.example/", {}),
        ("/a", {"seconds": 0}),
        ("/a", {"seconds": SEVEN_DAYS + 1}),
        ("/a", {"query": {"expires": "1"}}),
        ("/a", {"query": {"signature": "1"}}),
    ],
)
def test_what_makes_no_link_is_a_mistake(path: str, given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        LINKS.sign(path, **given)


@pytest.mark.parametrize(("keys", "purpose"), [((), "invoice"), ((NEW,), ""), ((Secret("short"),), "invoice")])
def test_links_without_key_or_purpose_are_a_mistake(keys: tuple[Secret[str], ...], purpose: str) -> None:
    with pytest.raises(ConfigError):
        SignedLinks(keys, purpose=purpose)
