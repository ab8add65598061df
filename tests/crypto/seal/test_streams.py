"""Streams: what is sealed opens, and no segment can be changed, moved, repeated, dropped or cut off."""

import hashlib
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.crypto.seal import streams
from vallum.crypto.seal.keys import SealingKey
from vallum.crypto.seal.ring import SealRefusedError, SealRing
from vallum.crypto.seal.streams import SEGMENT, SealedStreams

NEW, OLD = (SealingKey(Secret(hashlib.sha256(name).digest())) for name in (b"new", b"old"))
FILES = SealedStreams(SealRing([NEW, OLD]))
HEAD, PIECE = 48, SEGMENT + 16
PLAIN = bytes(range(256)) * (3 * SEGMENT // 256) + b"end"


def seal(plain: bytes, context: str = "backup:7", files: SealedStreams = FILES) -> bytes:
    return b"".join(files.seal(io.BytesIO(plain), context=context))


def open_all(sealed: bytes, context: str = "backup:7", files: SealedStreams = FILES) -> bytes:
    return b"".join(files.open(io.BytesIO(sealed), context=context))


@pytest.mark.parametrize("size", [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT, 3 * SEGMENT + 3])
def test_what_is_sealed_opens(size: int) -> None:
    plain = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    sealed = seal(plain)
    assert open_all(sealed) == plain
    assert len(sealed) == HEAD + size + 16 * max(1, -(-size // SEGMENT))
    assert size < 64 or plain[:64] not in sealed


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert seal(b"x" * 100)[HEAD:] != seal(b"x" * 100)[HEAD:]


def pieces(sealed: bytes) -> list[bytes]:
    return [sealed[start : start + PIECE] for start in range(HEAD, len(sealed), PIECE)]


def test_segments_cannot_be_moved_repeated_dropped_or_cut_off() -> None:
    sealed = seal(PLAIN)
    head, parts = sealed[:HEAD], pieces(sealed)
    assert len(parts) == 4
    for changed in (
        [parts[1], parts[0], *parts[2:]],
        [parts[0], parts[0], *parts[2:]],
        [parts[0], *parts[2:]],
        parts[1:],
        parts[:-1],
        parts[:1],
        [],
        [*parts, parts[-1]],
        [*parts[:-1], parts[-1][:-1]],
        [*parts, b"x"],
    ):
        with pytest.raises(SealRefusedError):
            open_all(head + b"".join(changed))
    assert open_all(head + b"".join(parts)) == PLAIN


@given(st.integers(0, HEAD + 40 + 16 - 1), st.integers(1, 255))
def test_every_changed_byte_is_refused(place: int, bits: int) -> None:
    sealed = bytearray(seal(b"y" * 40))
    sealed[place] ^= bits
    with pytest.raises(SealRefusedError):
        open_all(bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"\x03", b"\x03" * HEAD, b"\x01" + NEW.key_id + bytes(39)])
def test_what_is_no_stream_is_refused(sealed: bytes) -> None:
    with pytest.raises(SealRefusedError):
        open_all(sealed)


def test_a_segment_of_another_stream_is_refused() -> None:
    first, second = seal(PLAIN), seal(PLAIN)
    with pytest.raises(SealRefusedError):
        open_all(first[:HEAD] + second[HEAD:])


def test_another_context_is_refused_and_none_is_a_mistake() -> None:
    with pytest.raises(SealRefusedError):
        open_all(seal(b"x"), context="backup:8")
    with pytest.raises(ConfigError):
        seal(b"x", context="")


def test_old_keys_open_and_tell_that_they_are_old() -> None:
    old = seal(b"x", files=SealedStreams(SealRing([OLD])))
    assert open_all(old) == b"x"
    assert FILES.is_outdated(old)
    assert not FILES.is_outdated(seal(b"x"))
    with pytest.raises(SealRefusedError):
        open_all(old, files=SealedStreams(SealRing([NEW])))


def test_a_source_that_gives_little_at_a_time_is_read_whole() -> None:
    class Pipe(io.BytesIO):
        def read(self, size: Any = -1) -> bytes:
            return super().read(min(size, 1000))

    sealed = b"".join(FILES.seal(Pipe(PLAIN), context="c"))
    assert b"".join(FILES.open(Pipe(sealed), context="c")) == PLAIN


def test_a_stream_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MOST_SEGMENTS", 2)
    assert open_all(seal(b"x" * 2 * SEGMENT))
    with pytest.raises(ConfigError, match="in parts"):
        seal(b"x" * (2 * SEGMENT + 1))
