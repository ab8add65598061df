import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.crypto.otp.totp import Digest, Totp, generate_secret, hotp

ASCII = b"12345678901234567890"
SHA1 = Secret(ASCII)
SHA256 = Secret((ASCII * 2)[:32])
SHA512 = Secret((ASCII * 4)[:64])
TOTP = Totp()
NOW = 1_800_000_000.0

# RFC 4226, appendix D.
HOTP = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
# RFC 6238, appendix B, with the secrets of erratum 2866.
VECTORS = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]


@pytest.mark.parametrize(("counter", "code"), list(enumerate(HOTP)))
def test_rfc_4226_appendix_d(counter: int, code: str) -> None:
    assert hotp(SHA1, counter) == code


@pytest.mark.parametrize("row", VECTORS, ids=lambda row: str(row[0]))
def test_rfc_6238_appendix_b(row: tuple[int, str, str, str]) -> None:
    digests: list[tuple[Digest, Secret[bytes]]] = [("SHA1", SHA1), ("SHA256", SHA256), ("SHA512", SHA512)]
    for (digest, secret), code in zip(digests, row[1:], strict=True):
        totp = Totp(digits=8, digest=digest)
        assert totp.make_code(secret, row[0]) == code
        assert totp.match(secret, code, row[0]) == row[0] // 30


@pytest.mark.parametrize("shift", range(-4, 5))
def test_one_step_either_side_and_no_more(shift: int) -> None:
    code = TOTP.make_code(SHA1, NOW + 30 * shift)
    expected = TOTP.find_step(NOW) + shift if abs(shift) <= 1 else None
    assert TOTP.match(SHA1, code, NOW) == expected
    exact = Totp(drift=0)
    assert exact.match(SHA1, code, NOW) == (expected if shift == 0 else None)


@given(st.binary(min_size=16, max_size=64), st.integers(0, 2**40))
def test_the_step_of_a_code_is_found(value: bytes, now: int) -> None:
    secret = Secret(value)
    step = TOTP.match(secret, TOTP.make_code(secret, now), now)
    assert step is not None
    assert now // 30 <= step <= now // 30 + 1


@given(st.text(max_size=12))
def test_any_text_is_answered(code: str) -> None:
    valid = {TOTP.make_code(SHA1, NOW + shift) for shift in (-30, 0, 30)}
    assert (TOTP.match(SHA1, code, NOW) is not None) == (code.replace(" ", "") in valid)


@pytest.mark.parametrize(
    "code", ["", "0", "1234567", "-12345", "+12345", "12345\n", "\u0661\u0662\u0663\u0664\u0665\u0666"]
)
def test_what_is_no_code_is_refused(code: str) -> None:
    assert TOTP.match(SHA1, code, NOW) is None


def test_digits_of_other_scripts_are_no_digits() -> None:
    code = TOTP.make_code(SHA1, NOW)
    assert TOTP.match(SHA1, code.translate({ord(digit): ord(digit) - 48 + 0xFF10 for digit in code}), NOW) is None


def test_apps_show_a_space_in_the_middle() -> None:
    code = TOTP.make_code(SHA1, NOW)
    assert TOTP.match(SHA1, f" {code[:3]} {code[3:]} ", NOW) == TOTP.find_step(NOW)


def test_a_code_that_two_steps_share_counts_as_the_later() -> None:
    first = 910_737  # the first of two neighbours with one code, under the secret of the RFC
    assert hotp(SHA1, first) == hotp(SHA1, first + 1) == "911617"
    assert TOTP.match(SHA1, "911617", first * 30) == first + 1


def test_secrets_are_long_and_new() -> None:
    assert len(generate_secret()) == 20
    assert generate_secret() != generate_secret()
    assert generate_secret(randomness=bytes) == Secret(bytes(20))
    with pytest.raises(ConfigError) as caught:
        TOTP.match(Secret(b"x" * 15), "123456", NOW)
    assert caught.value.code == "totp-secret"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"digits": 5}, "totp-settings"),
        ({"digits": 9}, "totp-settings"),
        ({"step_seconds": 14}, "totp-settings"),
        ({"step_seconds": 61}, "totp-settings"),
        ({"digest": "MD5"}, "totp-settings"),
        ({"drift": 2}, "totp-drift"),
        ({"drift": -1}, "totp-drift"),
    ],
)
def test_loose_settings_are_refused(settings: dict[str, object], code: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Totp(**settings)  # type: ignore[arg-type]  # wrong on purpose
    assert caught.value.code == code
