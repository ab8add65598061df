"""Exports as the systems write them; the hashes are made by the libraries that those systems use."""

import hashlib
import hmac
import json
from base64 import b64encode
from typing import Any

import argon2
import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.secret import Secret
from vallum.crypto.passwords.argon2id import UNSAFE_CHEAPEST
from vallum.crypto.passwords.pepper import Peppers
from vallum.guard.authentication.importers.reading import (
    NO_EMAIL,
    NO_LOGIN,
    NO_PASSWORD,
    TAKEN,
    ExportRefusedError,
    store_accounts,
)
from vallum.guard.authentication.importers.systems import (
    read_django,
    read_fastapi_users,
    read_flask_security,
    read_keycloak,
)
from vallum.guard.authentication.passwords import PasswordHasher

PASSWORD = "seven blue pencils"
NOW = 1_800_000_000.0
READERS = [read_django, read_flask_security, read_fastapi_users, read_keycloak]
CHEAP = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def accepts(stored: str, peppers: Peppers | None = None) -> bool:
    hasher = PasswordHasher(UNSAFE_CHEAPEST, workers=1, peppers=peppers)
    right, wrong = hasher.check(PASSWORD, stored), hasher.check("a guess", stored)
    hasher.close()
    return right.accepted and not wrong.accepted


def django_row(pk: int = 7, **fields: Any) -> dict[str, Any]:
    known = {"username": "Ann", "email": "Ann@Example.org", "is_active": True, "date_joined": "2020-01-02T03:04:05.6Z"}
    return {"model": "auth.user", "pk": pk, "fields": {**known, "groups": [["editors"], 3], "is_staff": True, **fields}}


def test_django() -> None:
    stored = PBKDF2PasswordHasher().encode(PASSWORD, "saltsaltsaltsalt", 1000)
    other = {"model": "auth.group", "pk": 1, "fields": {"name": "editors"}}
    (one,) = read_django([other, django_row(password=stored)], now=NOW)
    account = one.account
    assert account is not None
    assert (account.id, account.login, account.email) == ("7", "ann", "ann@example.org")
    assert (account.roles, account.email_proved, account.created) == (("editors", "3", "is_staff"), None, 1577934245.6)
    assert one.problems == ()
    assert accepts(account.password)


@pytest.mark.parametrize(
    ("stored", "problems"),
    [
        ("!unusable", ()),
        ("md5$salt$5f4dcc3b5aa765d61d8327deb882cf99", (NO_PASSWORD,)),
        ("bcrypt_sha256$$2b$12$x", (NO_PASSWORD,)),
    ],
)
def test_hashes_that_cannot_be_taken_over_become_none(stored: str, problems: tuple[str, ...]) -> None:
    (one,) = read_django([django_row(password=stored, is_active=False)], now=NOW)
    assert (one.account.password, one.account.is_active, one.problems) == ("", False, problems)


def test_names_that_cannot_be_used() -> None:
    rows = [
        django_row(1, username="ann", email="no address"),
        django_row(2, username="a b", email=""),
        django_row(3, username="a b"),
    ]
    first, second, third = read_django(rows, now=NOW)
    assert (first.account.email, first.problems) == ("", (NO_EMAIL,))
    assert (second.account, second.problems) == (None, (NO_LOGIN,))
    assert third.account.login == "ann@example.org"


def test_flask_security_double_hashes() -> None:
    """As flask_security.utils.get_hmac: base64 of HMAC-SHA-512 under the salt, then the slow hash."""
    salt = "a salt of the app"
    doubled = b64encode(hmac.new(salt.encode(), PASSWORD.encode(), hashlib.sha512).digest())
    row = {"fs_uniquifier": "u1", "id": 1, "email": "ann@example.org", "password": CHEAP.hash(doubled), "active": 1}
    (one,) = read_flask_security([{**row, "confirmed_at": "2020-01-01", "roles": ["editor"]}], now=NOW)
    assert (one.account.id, one.account.login, one.account.roles) == ("u1", "ann@example.org", ("editor",))
    assert one.account.email_proved == NOW
    peppers = Peppers(flask_security=Secret(salt))
    assert accepts(one.account.password, peppers)
    assert not accepts(one.account.password)
    hasher = PasswordHasher(UNSAFE_CHEAPEST, workers=1, peppers=peppers)
    replacement = hasher.check(PASSWORD, one.account.password).replacement
    hasher.close()
    assert replacement.startswith("$argon2id$")
    assert accepts(replacement)


def test_flask_security_single_hashes() -> None:
    row = {"id": 1, "email": "ann@example.org", "username": "ann", "password": CHEAP.hash(PASSWORD), "active": True}
    (one,) = read_flask_security([row], now=NOW, double_hashed=False)
    assert (one.account.login, one.account.email_proved) == ("ann", None)
    assert accepts(one.account.password)


def test_fastapi_users() -> None:
    row = {"id": "6f1c", "email": "Ann@example.org", "hashed_password": CHEAP.hash(PASSWORD), "is_active": True}
    (one,) = read_fastapi_users([{**row, "is_verified": True, "is_superuser": True}], now=NOW)
    assert (one.account.login, one.account.email_proved, one.account.roles) == (
        "ann@example.org",
        NOW,
        ("is_superuser",),
    )
    assert accepts(one.account.password)


def keycloak_row(data: dict[str, Any], value: bytes, salt: bytes) -> dict[str, Any]:
    secret = {"value": b64encode(value).decode(), "salt": b64encode(salt).decode(), "additionalParameters": {}}
    credential = {"type": "password", "secretData": json.dumps(secret), "credentialData": json.dumps(data)}
    user = {"id": "k1", "username": "ann", "email": "ann@example.org", "emailVerified": True, "enabled": True}
    return {
        **user,
        "createdTimestamp": 1_700_000_000_000,
        "credentials": [{"type": "otp"}, credential],
        "realmRoles": ["editor"],
    }


def test_keycloak_pbkdf2() -> None:
    salt = b"s" * 16
    value = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt, 2750, 64)
    data = {"hashIterations": 2750, "algorithm": "pbkdf2-sha256", "additionalParameters": {}}
    (one,) = read_keycloak({"users": [keycloak_row(data, value, salt)]}, now=NOW)
    assert (one.account.created, one.account.email_proved, one.account.roles) == (1.7e9, 1.7e9, ("editor",))
    assert accepts(one.account.password)


def test_keycloak_argon2() -> None:
    salt = b"s" * 16
    value = argon2.low_level.hash_secret_raw(PASSWORD.encode(), salt, 5, 64, 1, 32, argon2.low_level.Type.ID)
    more = {"hashLength": ["32"], "memory": ["64"], "type": ["id"], "version": ["1.3"], "parallelism": ["1"]}
    data = {"hashIterations": 5, "algorithm": "argon2", "additionalParameters": more}
    (one,) = read_keycloak({"users": [keycloak_row(data, value, salt)]}, now=NOW)
    assert accepts(one.account.password)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {
            "hashIterations": 5,
            "algorithm": "pbkdf2-sha512",
            "additionalParameters": {"type": ["id"], "version": ["1.3"]},
        },
    ],
)
def test_keycloak_hashes_of_other_kinds(data: dict[str, Any]) -> None:
    (one,) = read_keycloak({"users": [keycloak_row(data, b"v" * 32, b"s" * 16)]}, now=NOW)
    assert (one.account.password, one.problems) == ("", (NO_PASSWORD,))
    (bare,) = read_keycloak({"users": [{"id": "k2", "username": "bob"}]}, now=NOW)
    assert (bare.account.password, bare.account.is_active, bare.account.created) == ("", False, NOW)


def test_nothing_that_is_there_is_overwritten(world: Any) -> None:
    ann = world.add("ann", id="7")
    rows = [django_row(7, password=""), django_row(8, username="bob", email="bob@example.org")]
    taken, fresh = store_accounts(read_django(rows, now=NOW), world.plain_accounts)
    assert (taken.account, taken.problems) == (None, (TAKEN,))
    assert world.plain_accounts.find("7") == ann
    assert world.plain_accounts.find("8") == fresh.account


KEYS = ["users", "fields", "model", "id", "email", "roles", "groups", "realmRoles", "credentials", "password", "active"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=10,
)


ACCOUNTS = st.dictionaries(st.sampled_from(KEYS), JSON).map(lambda row: {"email": "ann@example.org", **row})


@pytest.mark.parametrize("read", READERS[1:])
@given(row=ACCOUNTS)
def test_a_row_of_anything_is_read_without_an_error(read: Any, row: dict[str, Any]) -> None:
    (one,) = read({"users": [row]} if read is read_keycloak else [row], now=NOW)
    assert one.account is None or not one.account.password


@pytest.mark.parametrize("read", READERS)
@given(export=JSON)
def test_what_is_no_export_is_refused(read: Any, export: Any) -> None:
    try:
        read_all = list(read(export, now=NOW))
    except ExportRefusedError:
        return
    assert all(one.account is None or one.account.login for one in read_all)
