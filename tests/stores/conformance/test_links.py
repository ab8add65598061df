"""One suite for every store of federated identities."""

from typing import Any

from vallum.stores.links import LinkRecord, LinkStore

NOW = 1_000.25


def link(subject: str, **changes: Any) -> LinkRecord:
    fields: dict[str, Any] = {
        "issuer": "https://idp.example",
        "subject": subject,
        "account_id": "ada",
        "email": "ada@idp.example",
        "created": NOW,
    }
    return LinkRecord(**fields | changes)


def test_an_identity_is_issuer_and_subject(links: LinkStore) -> None:
    assert links.link(link("1"))
    assert links.link(link("1", issuer="https://other.example", account_id="bob"))
    assert links.find("https://idp.example", "1") == link("1")
    found = links.find("https://other.example", "1")
    assert found is not None
    assert found.account_id == "bob"
    for issuer, subject in [("https://idp.example/", "1"), ("HTTPS://idp.example", "1"), ("", "1"), ("x", "\0")]:
        assert links.find(issuer, subject) is None


def test_an_identity_belongs_to_one_account(links: LinkStore) -> None:
    record = link("1")
    assert links.link(record)
    assert not links.link(record)
    assert not links.link(link("1", account_id="eve"))
    assert links.find("https://idp.example", "1") == link("1")


def test_lists_an_account_oldest_first(links: LinkStore) -> None:
    links.link(link("2", created=NOW + 1))
    links.link(link("1"))
    links.link(link("3", account_id="bob"))
    assert [row.subject for row in links.list_account("ada")] == ["1", "2"]


def test_only_its_account_unlinks(links: LinkStore) -> None:
    links.link(link("1"))
    assert not links.unlink("https://idp.example", "1", "eve")
    assert links.unlink("https://idp.example", "1", "ada")
    assert not links.unlink("https://idp.example", "1", "ada")
    assert links.link(link("1", account_id="eve"))


def test_an_account_loses_all(links: LinkStore) -> None:
    links.link(link("1"))
    links.link(link("2"))
    links.link(link("3", account_id="bob"))
    assert links.drop_account("ada") == 2
    assert links.list_account("bob") == [link("3", account_id="bob")]


def test_one_of_fifty_accounts_gets_the_identity(links: LinkStore, crowd: Any, rounds: int) -> None:
    for number in range(rounds):
        subject = f"s{number}"
        won = crowd(lambda place, subject=subject: links.link(link(subject, account_id=f"a{place}")))
        assert won.count(True) == 1
