import re
from collections.abc import Callable
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.crypto.passwords import bcrypt as bcrypt_scheme
from vallum.crypto.passwords.argon2id import HARDENED, OWASP, RFC_9106_LOW_MEMORY, UNSAFE_CHEAPEST, Argon2id
from vallum.crypto.passwords.bcrypt import Bcrypt
from vallum.crypto.passwords.pbkdf2 import Pbkdf2
from vallum.crypto.passwords.scheme import PasswordRefusedError, Scheme, StoredHashError
from vallum.crypto.passwords.scrypt import Scrypt
from vallum.crypto.passwords.stored import encode_password, make_decoy, make_hash, read_hash

CHEAP = [
    UNSAFE_CHEAPEST,
    Bcrypt(cost=4, unsafe_below_floor=True),
    Scrypt(log_n=4, r=8, unsafe_below_floor=True),
    Pbkdf2(iterations=2, unsafe_below_floor=True),
]
STRONG = [OWASP, Bcrypt(), Scrypt(), Pbkdf2()]
each_scheme = pytest.mark.parametrize("scheme", CHEAP, ids=lambda scheme: scheme.name)


@each_scheme
def test_a_hash_is_read_back_and_matches_its_password_only(scheme: Scheme) -> None:
    stored = make_hash("correct horse", scheme)
    assert read_hash(stored).matches(b"correct horse")
    assert not read_hash(stored).matches(b"Correct horse")
    assert not read_hash(stored).outdated(scheme)
    assert read_hash(stored).scheme.name == scheme.name


@each_scheme
def test_each_hash_has_its_own_salt(scheme: Scheme) -> None:
    assert make_hash("same", scheme) != make_hash("same", scheme)


@each_scheme
def test_a_decoy_costs_what_the_scheme_costs_and_matches_nothing(scheme: Scheme) -> None:
    decoy = make_decoy(scheme)
    assert decoy.scheme == scheme
    assert not decoy.matches(b"")
    assert not decoy.outdated(scheme)


@given(st.text(max_size=40).filter(lambda text: "\0" not in text and len(text.encode(errors="replace")) <= 72))
def test_every_text_is_hashed_as_typed(password: str) -> None:
    try:
        encoded = encode_password(password)
    except PasswordRefusedError:
        assert re.search("[\ud800-\udfff]", password)
        return
    for scheme in (UNSAFE_CHEAPEST, CHEAP[3]):
        assert read_hash(make_hash(password, scheme)).matches(encoded)


@given(st.text(max_size=120))
def test_no_text_is_taken_for_a_hash_by_accident(text: str) -> None:
    with pytest.raises(StoredHashError):
        read_hash(text)


@pytest.mark.parametrize(
    ("stored", "what"),
    [
        ("5f4dcc3b5aa765d61d8327deb882cf99", "MD5"),
        ("$1$salt$qJH7.N4xYta3aEG/dfqo/0", "MD5"),
        ("md5$salt$67a1e09bb1f83f5007dc119c14d663aa", "MD5"),
        ("{SSHA}DkMTwBl+a/3DfY+MTDTrOZ0Dx5Q=", "SHA-1"),
        ("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", "SHA-1"),
        ("sha1$salt$59b3e8d637cf97edbe2384cf59cb7453dfe30789", "SHA-1"),
        ("pbkdf2_sha1$1000$salt$abc", "SHA-1"),
        ("5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8", "SHA-256"),
        ("$5$salt$abcdef", "SHA-256"),
        ("$6$salt$abcdef", "SHA-512"),
    ],
)
def test_fast_hashes_are_refused_by_name_and_never_shown(stored: str, what: str) -> None:
    with pytest.raises(StoredHashError, match=f"looks like {what}") as caught:
        read_hash(stored)
    assert caught.value.code == "weak-password-hash"
    assert stored not in str(caught.value)


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "hunter2",
        "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=16$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=4000000,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=64,t=9999,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=64,t=2,p=0$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=64,t=2,p=1$c29t$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ$CTFh",
        "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhb$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$2x$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkY8jIucDrjc8deX1s.",
        "$2a$31$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkY8jIucDrjc8deX1s.",
        "scrypt:1000:8:1$saltsaltsalt$" + "ab" * 64,
        "scrypt:67108864:8:1$saltsaltsalt$" + "ab" * 64,
        "scrypt:1024:99:1$saltsaltsalt$" + "ab" * 64,
        "scrypt:1024:8:99$saltsaltsalt$" + "ab" * 64,
        "pbkdf2:sha256:99999999$saltsaltsalt$" + "ab" * 32,
        "pbkdf2:sha256:0$saltsaltsalt$" + "ab" * 32,
        "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ$" + "A" * 600,
    ],
)
def test_damaged_and_absurd_hashes_are_refused(stored: str) -> None:
    with pytest.raises(StoredHashError) as caught:
        read_hash(stored)
    assert not stored or stored not in str(caught.value)


@pytest.mark.parametrize(
    "build",
    [
        lambda: Argon2id(memory_kib=19 * 1024 - 1),
        lambda: Argon2id(passes=1),
        lambda: Argon2id(lanes=0),
        lambda: Bcrypt(cost=11),
        lambda: Scrypt(log_n=16),
        lambda: Scrypt(r=4),
        lambda: Scrypt(p=0),
        lambda: Scrypt(log_n=21),
        lambda: Pbkdf2(iterations=599_999),
    ],
)
def test_parameters_below_the_floor_are_refused(build: Callable[[], Scheme]) -> None:
    with pytest.raises(ConfigError) as caught:
        build()
    assert caught.value.code == "weak-password-profile"


@pytest.mark.parametrize("profile", STRONG, ids=lambda scheme: scheme.name)
def test_a_hash_of_another_scheme_or_with_weaker_parameters_is_outdated(profile: Scheme) -> None:
    for scheme in CHEAP:
        assert read_hash(make_hash("word", scheme)).outdated(profile)


def test_a_stronger_hash_of_the_same_scheme_is_kept() -> None:
    assert HARDENED.meets(OWASP)
    assert RFC_9106_LOW_MEMORY.meets(HARDENED)
    assert not OWASP.meets(HARDENED)
    assert Bcrypt(cost=13).meets(Bcrypt())
    assert Scrypt(p=2).meets(Scrypt())
    assert Pbkdf2(iterations=10**6).meets(Pbkdf2())


def test_a_short_salt_makes_a_hash_outdated() -> None:
    salt = b"8 bytes."
    stored = UNSAFE_CHEAPEST.write(salt, UNSAFE_CHEAPEST.derive(b"word", salt, 32))
    assert read_hash(stored).outdated(UNSAFE_CHEAPEST)


def test_bcrypt_refuses_what_it_would_cut() -> None:
    scheme = CHEAP[1]
    assert read_hash(make_hash("x" * 72, scheme)).matches(b"x" * 72)
    for password in ("x" * 73, "é" * 37, "nul\0inside"):
        with pytest.raises(PasswordRefusedError):
            make_hash(password, scheme)


def test_bcrypt_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> NoReturn:
        raise ImportError(name)

    monkeypatch.setattr(bcrypt_scheme, "import_module", missing)
    with pytest.raises(ConfigError, match=r"vallum\[bcrypt\]"):
        make_hash("word", CHEAP[1])


def test_passwords_of_more_than_1024_bytes_and_lone_surrogates_are_refused() -> None:
    assert len(encode_password("x" * 1024)) == 1024
    for password in ("x" * 1025, "é" * 513, "\ud800"):
        with pytest.raises(PasswordRefusedError):
            encode_password(password)


def test_a_parsed_hash_does_not_show_itself() -> None:
    stored = make_hash("word", UNSAFE_CHEAPEST)
    assert stored.rsplit("$", 1)[1] not in repr(read_hash(stored))
    assert "digest" not in repr(read_hash(stored))
