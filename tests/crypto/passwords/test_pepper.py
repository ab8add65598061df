import hmac
from base64 import b64encode

import pytest

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.crypto.passwords.pepper import Peppers, apply_pepper, split_pepper
from vallum.crypto.passwords.scheme import StoredHashError

OLD, NEW = Secret("o" * 32), Secret("n" * 43)
PEPPERS = Peppers({"2026": NEW, "2025": OLD})


def test_the_first_is_the_newest_and_is_named_in_the_stored_text() -> None:
    assert PEPPERS.newest == "2026"
    assert PEPPERS.write("$argon2id$x") == "pepper$2026$$argon2id$x"
    assert split_pepper("pepper$2026$$argon2id$x") == ("2026", "$argon2id$x")
    assert split_pepper("$argon2id$x") == ("", "$argon2id$x")


def test_the_slow_hash_gets_an_hmac_that_bcrypt_takes_whole() -> None:
    seasoned = apply_pepper(PEPPERS, "2025", b"x" * 500)
    assert seasoned == b64encode(hmac.digest(b"o" * 32, b"vallum password pepper\0" + b"x" * 500, "sha256"))
    assert len(seasoned) == 44
    assert seasoned != apply_pepper(PEPPERS, "2026", b"x" * 500)
    assert apply_pepper(PEPPERS, "", b"plain") == b"plain"


@pytest.mark.parametrize("peppers", [None, Peppers({"2026": NEW})])
def test_a_pepper_that_is_gone_is_an_error_and_never_no_pepper(peppers: Peppers | None) -> None:
    with pytest.raises(StoredHashError, match="2025"):
        apply_pepper(peppers, "2025", b"plain")


@pytest.mark.parametrize("by_name", [{}, {"2026": Secret("short")}, {"a$b": NEW}, {"": NEW}])
def test_peppers_that_protect_nothing_are_refused(by_name: dict[str, Secret[str]]) -> None:
    with pytest.raises(ConfigError):
        Peppers(by_name)


def test_no_pepper_is_shown() -> None:
    assert "nnn" not in repr(PEPPERS)
