import hashlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.crypto.digests import fingerprint, fingerprint_file, keyed_digest, verify_digest

KEY = Secret(bytes(range(32)))
PARTS = st.lists(st.binary(max_size=6) | st.text(max_size=6), max_size=4)


@pytest.mark.parametrize("name", ["sha256", "sha384", "sha512", "sha3_256", "sha3_512", "blake2b"])
def test_approved_digests(name):
    assert fingerprint("abc", algorithm=name) == hashlib.new(name, b"abc").hexdigest()
    assert fingerprint_file(io.BytesIO(b"a" * 600_000), algorithm=name) == fingerprint(b"a" * 600_000, algorithm=name)


@pytest.mark.parametrize("name", ["md5", "sha1", "crc32", "", "sha224"])
def test_other_digests_are_refused(name):
    for compute in (lambda: fingerprint(b"x", algorithm=name), lambda: fingerprint_file(io.BytesIO(), algorithm=name)):
        with pytest.raises(ConfigError, match="approved"):
            compute()


def test_a_password_is_not_hashed_fast():
    with pytest.raises(ConfigError, match="fast"):
        fingerprint(Secret("hunter2"))


def test_the_vector_of_rfc_4231():
    key = Secret(b"\xaa" * 131)
    framed = b"\0" * 7 + b"\x36" + b"Test Using Larger Than Block-Size Key - Hash Key First"
    assert keyed_digest(key, framed[8:]) == __import__("hmac").digest(b"\xaa" * 131, framed, "sha256").hex()


@given(PARTS, PARTS)
def test_different_parts_have_different_digests(first, second):
    def plain(parts):
        return [part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part for part in parts]

    assert (keyed_digest(KEY, *first) == keyed_digest(KEY, *second)) == (plain(first) == plain(second))


def test_verification():
    digest = keyed_digest(KEY, "ab", "c")
    assert verify_digest(digest, KEY, "ab", "c")
    for wrong in ("", "é", digest.upper(), digest[:-1], keyed_digest(KEY, "a", "bc")):
        assert not verify_digest(wrong, KEY, "ab", "c")


def test_a_short_key_is_refused():
    with pytest.raises(ConfigError, match="32"):
        keyed_digest(Secret("short"), "x")
