"""Hostile sealed values, made here: every part of a good one changed, and AES-GCM asked directly as the judge."""

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.crypto.seal.keys import SealingKey
from vallum.crypto.seal.ring import NONCE_BYTES, SealRefusedError, SealRing

RAW = bytes(range(32))
CONTEXT = "totp:17"
RING = SealRing([SealingKey(Secret(RAW))], randomness=lambda size: b"\xa5" * size)
PLAIN = b"sixteen letters." * 3
GOOD = RING.seal(PLAIN, context=CONTEXT)
HEAD, NONCE, REST = GOOD[:9], GOOD[9:21], GOOD[21:]
BODY, TAG = REST[:-16], REST[-16:]


def hostile() -> dict[str, bytes]:
    """By name, each a value that must not open."""
    cases = {f"tag cut to {size}": HEAD + NONCE + BODY + TAG[:size] for size in range(16)}
    cases |= {f"value cut to {size}": GOOD[:size] for size in range(0, len(GOOD), 5)}
    cases |= {f"nonce of {size}": HEAD + NONCE[:size] + REST for size in (0, 1, 8, 11)}
    cases |= {f"nonce of {size}": HEAD + NONCE + bytes(size - 12) + REST for size in (13, 16, 64)}
    cases |= {"nonce of zeros": HEAD + bytes(12) + REST, "tag of zeros": HEAD + NONCE + BODY + bytes(16)}
    cases |= {"tag first": HEAD + NONCE + TAG + BODY, "no text": HEAD + NONCE + TAG, "only a head": HEAD}
    cases |= {"blocks swapped": HEAD + NONCE + BODY[16:32] + BODY[:16] + BODY[32:] + TAG, "twice": GOOD + GOOD}
    cases |= {"one byte more": GOOD + b"\0", "one byte in front": b"\0" + GOOD, "tag twice": GOOD + TAG}
    cases |= {f"version {version}": bytes([version]) + GOOD[1:] for version in (0, 2, 129, 255)}
    cases |= {"another key id": GOOD[:1] + bytes(8) + GOOD[9:], "inverted": bytes(byte ^ 0xFF for byte in GOOD)}
    cases |= {"another nonce": HEAD + b"\xa4" * 12 + REST, "text as hex": GOOD.hex().encode(), "nothing": b""}
    return cases


@pytest.mark.parametrize("name", hostile())
def test_a_changed_value_does_not_open(name: str) -> None:
    with pytest.raises(SealRefusedError):
        RING.open(hostile()[name], context=CONTEXT)


@pytest.mark.parametrize("context", ["totp:1", "totp:170", "TOTP:17", "totp:17 ", "totp:17\0", "\x01totp:17", "otp:17"])
def test_a_value_does_not_open_elsewhere(context: str) -> None:
    with pytest.raises(SealRefusedError):
        RING.open(GOOD, context=context)
    for nowhere in ("",):
        with pytest.raises(ConfigError):
            RING.open(GOOD, context=nowhere)


def test_what_opens_is_what_the_library_opens() -> None:
    """The same bytes, by AES-256-GCM alone: nothing more opens, and nothing less."""
    plain = AESGCM(RAW).decrypt(NONCE, REST, HEAD + CONTEXT.encode())
    assert plain == PLAIN == RING.open(GOOD, context=CONTEXT)
    assert len(NONCE) == NONCE_BYTES
    for place in range(len(GOOD)):
        for bit in (0, 7):
            changed = GOOD[:place] + bytes([GOOD[place] ^ (1 << bit)]) + GOOD[place + 1 :]
            with pytest.raises(InvalidTag):
                AESGCM(RAW).decrypt(changed[9:21], changed[21:], changed[:9] + CONTEXT.encode())
            with pytest.raises(SealRefusedError):
                RING.open(changed, context=CONTEXT)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 31, 33, 4096])
def test_every_length_of_text_comes_back(size: int) -> None:
    sealed = RING.seal(b"x" * size, context=CONTEXT)
    assert RING.open(sealed, context=CONTEXT) == b"x" * size
    assert len(sealed) == 9 + 12 + size + 16
    with pytest.raises(SealRefusedError):
        RING.open(sealed[:-1], context=CONTEXT)
