"""One suite for every store of grants."""

from concurrent.futures import ThreadPoolExecutor

from vallum.stores.grants import GrantRecord, GrantStore

ISSUER, NOW = "https://idp.example", 1_000.25


def grant(account_id: str = "ada", issuer: str = ISSUER) -> GrantRecord:
    return GrantRecord(account_id=account_id, issuer=issuer, sealed="sealed-0")


def test_an_account_has_one_grant_of_an_issuer(grants: GrantStore) -> None:
    assert grants.add(grant())
    assert not grants.add(GrantRecord(account_id="ada", issuer=ISSUER, sealed="other"))
    assert grants.add(grant("bob"))
    assert grants.add(grant(issuer="https://other.example"))
    assert grants.find("ada", ISSUER) == grant()
    assert grants.find("ada", ISSUER + "/") is None


def test_who_claims_is_alone_until_it_gives_up(grants: GrantStore) -> None:
    grants.add(grant())
    assert not grants.claim("ada", ISSUER, 1, NOW, NOW + 30)
    assert not grants.claim("eve", ISSUER, 0, NOW, NOW + 30)
    assert grants.claim("ada", ISSUER, 0, NOW, NOW + 30)
    assert not grants.claim("ada", ISSUER, 0, NOW + 29, NOW + 60)
    assert grants.claim("ada", ISSUER, 0, NOW + 30, NOW + 60)


def test_replacing_moves_the_version_and_frees(grants: GrantStore) -> None:
    grants.add(grant())
    grants.claim("ada", ISSUER, 0, NOW, NOW + 30)
    assert grants.replace("ada", ISSUER, 0, "sealed-1")
    assert not grants.replace("ada", ISSUER, 0, "sealed-2")
    assert grants.find("ada", ISSUER) == GrantRecord(account_id="ada", issuer=ISSUER, sealed="sealed-1", version=1)
    assert grants.claim("ada", ISSUER, 1, NOW, NOW + 30)


def test_only_the_version_that_was_meant_is_dropped(grants: GrantStore) -> None:
    grants.add(grant())
    assert not grants.drop("ada", ISSUER, 1)
    assert grants.drop("ada", ISSUER, 0)
    assert not grants.drop("ada", ISSUER)
    grants.add(grant())
    assert grants.drop("ada", ISSUER)
    assert not grants.replace("ada", ISSUER, 0, "sealed-1")


def test_an_account_loses_all_its_grants(grants: GrantStore) -> None:
    for record in (grant(), grant(issuer="https://other.example"), grant("bob")):
        grants.add(record)
    assert grants.drop_account("ada") == 2
    assert grants.find("bob", ISSUER) == grant("bob")


def test_of_50_parallel_claims_one_wins(grants: GrantStore) -> None:
    grants.add(grant())
    with ThreadPoolExecutor(50) as pool:
        won = list(pool.map(lambda _: grants.claim("ada", ISSUER, 0, NOW, NOW + 30), range(50)))
    assert won.count(True) == 1
