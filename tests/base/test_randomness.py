import pytest

from vallum.base.compare import equal
from vallum.base.errors import ConfigError, VallumError
from vallum.base.randomness import below, token


def test_token_has_256_bits_and_no_padding():
    assert len(token()) == 43
    assert "=" not in token()


def test_token_uses_the_randomness_that_it_is_given():
    assert token(16, randomness=lambda count: b"\xff" * count) == "_" * 21 + "w"


def test_tokens_do_not_repeat():
    assert len({token() for _ in range(1000)}) == 1000


@pytest.mark.parametrize("size", [15, 1, 0, -1])
def test_token_refuses_what_can_be_guessed(size):
    with pytest.raises(ConfigError, match="at least 16") as refusal:
        token(size)
    assert refusal.value.code == "token-too-short"


def test_below_stays_below_and_reaches_every_number():
    assert {below(3) for _ in range(200)} == {0, 1, 2}


def test_below_refuses_an_empty_range():
    with pytest.raises(ConfigError, match="at least 1"):
        below(0)


def test_equal_compares_text_and_bytes():
    assert equal("a", b"a")
    assert not equal("a", "b")
    assert equal("\ud800", "\ud800")
    assert not equal("é", "e")


def test_error_is_one_line_with_its_hint():
    error = VallumError("It needs a key.", hint="Set KEY.", code="no-key")
    assert str(error) == "It needs a key. Set KEY."
    assert error.code == "no-key"
    assert VallumError("Plain.").code == "vallum"
