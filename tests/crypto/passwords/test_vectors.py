"""Published vectors, and hashes made by the libraries whose users will move here."""

import argon2
import bcrypt
import pytest
from django.contrib.auth import hashers
from werkzeug.security import generate_password_hash

from vallum.crypto.passwords.argon2id import Argon2id
from vallum.crypto.passwords.pbkdf2 import Pbkdf2
from vallum.crypto.passwords.scrypt import Scrypt
from vallum.crypto.passwords.stored import read_hash


@pytest.mark.parametrize(
    ("memory", "passes", "lanes", "digest"),
    [
        (256, 2, 1, "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe"),
        (256, 2, 2, "6d093c501fd5999645e0ea3bf620d7b8be7fd2db59c20d9fff9539da2bf57037"),
        (65536, 1, 1, "f6a5adc1ba723dddef9b5ac1d464e180fcd9dffc9d1cbf76cca2fed795d9ca98"),
        (65536, 2, 1, "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"),
    ],
)
def test_argon2id_gives_the_digests_of_the_reference_implementation(
    memory: int, passes: int, lanes: int, digest: str
) -> None:
    scheme = Argon2id(memory_kib=memory, passes=passes, lanes=lanes, unsafe_below_floor=True)
    assert scheme.derive(b"password", b"somesalt", 32).hex() == digest


def test_argon2id_reads_the_reference_string() -> None:
    stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
    assert read_hash(stored).matches(b"password")
    assert not read_hash(stored).matches(b"passwore")


@pytest.mark.parametrize(
    ("password", "salt", "parameters", "digest"),
    [
        (b"", b"", (16, 1, 1), ("77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                             "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906")),
        (b"password", b"NaCl", (1024, 8, 16), ("fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                                            "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640")),
        (b"pleaseletmein", b"SodiumChloride", (16384, 8, 1),
         ("7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
         "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887")),
    ],
)  # fmt: skip
def test_scrypt_gives_the_vectors_of_rfc_7914(
    password: bytes, salt: bytes, parameters: tuple[int, int, int], digest: str
) -> None:
    n, r, p = parameters
    scheme = Scrypt(log_n=n.bit_length() - 1, r=r, p=p, unsafe_below_floor=True)
    assert scheme.derive(password, salt, 64).hex() == digest


@pytest.mark.parametrize(
    ("password", "salt", "iterations", "digest"),
    [
        (b"passwd", b"salt", 1, ("55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
                                "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783")),
        (b"Password", b"NaCl", 80000, ("4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
                                      "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d")),
        (b"password", b"salt", 1, "120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b"),
        (b"password", b"salt", 2, "ae4d0c95af6b46d32d0adff928f06dd02a303f8ef3c251dfd6e2d85a95474c43"),
        (b"password", b"salt", 4096, "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a"),
    ],
)  # fmt: skip
def test_pbkdf2_gives_the_vectors_of_rfc_7914_and_the_sha256_form_of_rfc_6070(
    password: bytes, salt: bytes, iterations: int, digest: str
) -> None:
    scheme = Pbkdf2(iterations=iterations, unsafe_below_floor=True)
    assert scheme.derive(password, salt, len(digest) // 2).hex() == digest


@pytest.mark.parametrize(
    ("password", "stored"),
    [
        (b"", "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s."),
        (b"a", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"),
        (b"abc", "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"),
        (b"abcdefghijklmnopqrstuvwxyz", "$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC"),
    ],
)
def test_bcrypt_reads_the_known_vectors(password: bytes, stored: str) -> None:
    assert read_hash(stored).matches(password)
    assert read_hash(stored.replace("$2a$", "$2b$")).matches(password)
    assert read_hash(stored.replace("$2a$", "$2y$")).matches(password)
    assert not read_hash(stored).matches(password + b"x")


PEERS = {
    "argon2-cffi": lambda word: argon2.PasswordHasher(time_cost=1, memory_cost=64).hash(word),
    "bcrypt": lambda word: bcrypt.hashpw(word.encode(), bcrypt.gensalt(4)).decode(),
    "werkzeug scrypt": lambda word: generate_password_hash(word, "scrypt:1024:8:1"),
    "werkzeug pbkdf2": lambda word: generate_password_hash(word, "pbkdf2:sha256:1000"),
    "django pbkdf2": lambda word: hashers.PBKDF2PasswordHasher().encode(word, "saltsaltsalt", 1000),
    "django scrypt": lambda word: hashers.ScryptPasswordHasher().encode(word, "saltsaltsalt", 1024, 8, 1),
    "django argon2": lambda word: hashers.Argon2PasswordHasher().encode(word, "saltsaltsalt"),
    "django bcrypt": lambda word: hashers.BCryptPasswordHasher().encode(word, bcrypt.gensalt(4)),
}


@pytest.mark.parametrize("peer", PEERS)
def test_hashes_of_other_libraries_are_verified(peer: str) -> None:
    stored = PEERS[peer]("pässword 1")
    assert read_hash(stored).matches("pässword 1".encode())
    assert not read_hash(stored).matches("pässword 2".encode())


def test_passlib_strings_are_read() -> None:
    # Made by hand in passlib's form: its base64 writes "." for "+".
    scheme = Pbkdf2(iterations=10, unsafe_below_floor=True)
    phc = scheme.write(b"\xfb" * 16, scheme.derive(b"word", b"\xfb" * 16, 32))
    assert "+" in phc
    assert read_hash(phc.replace("i=", "").replace("+", ".")).matches(b"word")
