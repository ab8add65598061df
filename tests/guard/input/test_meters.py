"""The meters agree with the parsers, however the bytes are cut, and keep next to nothing."""

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.guard.input.codings import Inflater, UnreadableBodyError
from vallum.guard.input.form_meter import PairsMeter, PartsMeter, find_boundary
from vallum.guard.input.json_meter import JsonMeter

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.sampled_from('[]{}",:\\ab\n\u20ac'), max_size=12),
    lambda inner: st.lists(inner, max_size=5) | st.lists(st.tuples(st.text(max_size=4), inner), max_size=4).map(dict),
    max_leaves=30,
)
CUTS = st.lists(st.integers(min_value=1, max_value=9), max_size=60)
PLENTY = 10**9


def cut(body: bytes, sizes: list[int]) -> Iterator[bytes]:
    for size in sizes:
        yield body[:size]
        body = body[size:]
    yield body


def passes(meter: Any, body: bytes, sizes: list[int]) -> bool:
    return all(meter.feed(part) for part in cut(body, sizes))


def depth_of(value: Any) -> int:
    if not isinstance(value, (list, dict)):
        return 0
    return 1 + max(map(depth_of, value.values() if isinstance(value, dict) else value), default=0)


def count_of(value: Any) -> int:
    """Values, an empty container for two."""
    if not isinstance(value, (list, dict)):
        return 1
    inner = value.values() if isinstance(value, dict) else value
    return 1 + (sum(map(count_of, inner)) or 1)


def longest_of(value: Any) -> int:
    """Bytes of the longest string as it is written."""
    if isinstance(value, str):
        return len(json.dumps(value, ensure_ascii=False).encode()) - 2
    if isinstance(value, dict):
        return max((max(longest_of(key), longest_of(inner)) for key, inner in value.items()), default=0)
    return max(map(longest_of, value), default=0) if isinstance(value, list) else 0


@given(value=JSON, sizes=CUTS, ascii_only=st.booleans(), indent=st.sampled_from([None, 1]))
def test_depth_and_values_are_those_of_the_parser(
    *, value: Any, sizes: list[int], ascii_only: bool, indent: Any
) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    assert json.loads(body) == value
    depth, values = depth_of(value), count_of(value)
    assert passes(JsonMeter(depth=depth, values=values, field=PLENTY), body, sizes)
    if depth:
        assert not passes(JsonMeter(depth=depth - 1, values=PLENTY, field=PLENTY), body, sizes)
    if values > 1:
        assert not passes(JsonMeter(depth=PLENTY, values=values - 1, field=PLENTY), body, sizes)


@given(value=JSON, sizes=CUTS)
def test_the_longest_string_is_measured(value: Any, sizes: list[int]) -> None:
    body = json.dumps(value, ensure_ascii=False).encode()
    longest = longest_of(value)
    assert passes(JsonMeter(depth=PLENTY, values=PLENTY, field=max(longest, 1)), body, sizes)
    if longest > 1:
        assert not passes(JsonMeter(depth=PLENTY, values=PLENTY, field=longest - 1), body, sizes)


@given(body=st.binary(max_size=80) | st.text('[]{}",:\\a', max_size=80).map(str.encode), sizes=CUTS)
def test_no_text_gets_deeper_into_a_parser_than_the_meter_allows(body: bytes, sizes: list[int]) -> None:
    if passes(JsonMeter(depth=2, values=PLENTY, field=PLENTY), body, sizes):
        try:
            value = json.loads(body)
        except ValueError:
            return
        assert depth_of(value) <= 2


@given(value=JSON, coding=st.sampled_from(["utf-16", "utf-16-be", "utf-32-le"]), sizes=CUTS)
def test_json_in_another_encoding_is_refused(value: Any, coding: str, sizes: list[int]) -> None:
    body = json.dumps(value).encode(coding)
    assert json.loads(body) == value
    assert not passes(JsonMeter(depth=PLENTY, values=PLENTY, field=PLENTY), body, sizes)


@pytest.mark.parametrize(
    "body", [b'"' + b'\\"' * 500_000, b"[" * 1_000_000, b"]" * 1_000_000, b'"' * 8 + b"," * 10_000]
)
def test_a_hostile_text_is_read_once(body: bytes) -> None:
    """Were it read again from each quote, this would take hours."""
    meter = JsonMeter(depth=32, values=10_000, field=262_144)
    assert not meter.feed(body)


@given(pairs=st.lists(st.tuples(st.text("ab", min_size=1), st.text("cd& =", max_size=6)), min_size=1), sizes=CUTS)
def test_the_fields_of_a_form(pairs: list[tuple[str, str]], sizes: list[int]) -> None:
    body = urlencode(pairs).encode()
    assert len(parse_qsl(body, keep_blank_values=True)) == len(pairs)
    longest = max(map(len, body.split(b"&")))
    assert passes(PairsMeter(fields=len(pairs), field=longest), body, sizes)
    assert not passes(PairsMeter(fields=PLENTY, field=longest - 1), body, sizes)
    if len(pairs) > 1:
        assert not passes(PairsMeter(fields=len(pairs) - 1, field=PLENTY), body, sizes)


def multipart(parts: list[tuple[bool, bytes]]) -> bytes:
    heads = {True: b'form-data; name="a"; filename="x.bin"', False: b'form-data; name="a"'}
    written = [b"--xYz\r\nContent-Disposition: " + heads[kind] + b"\r\n\r\n" + body + b"\r\n" for kind, body in parts]
    return b"".join(written) + b"--xYz--\r\n"


@given(
    parts=st.lists(
        st.tuples(st.booleans(), st.lists(st.sampled_from([b"--xY", b"\r\n", b"-", b"q"]), max_size=9).map(b"".join)),
        min_size=1,
        max_size=6,
    ),
    sizes=CUTS,
)
def test_the_parts_of_a_form(parts: list[tuple[bool, bytes]], sizes: list[int]) -> None:
    body = multipart(parts)
    longest = max((len(text) for is_file, text in parts if not is_file), default=0)
    assert passes(PartsMeter(b"xYz", fields=len(parts), field=longest + 2), body, sizes)
    assert not passes(PartsMeter(b"xYz", fields=len(parts) - 1, field=PLENTY), body, sizes)
    if longest:
        assert not passes(PartsMeter(b"xYz", fields=PLENTY, field=longest - 1), body, sizes)


@pytest.mark.parametrize("size", [1, 1000, 100_000])
def test_the_head_of_a_part_has_an_end(size: int) -> None:
    meter = PartsMeter(b"x", fields=9, field=PLENTY)
    body = b"--x\r\nX: " + b"y" * 9000
    assert not passes(meter, body, [size] * (len(body) // size))


@pytest.mark.parametrize(
    ("kind", "boundary"),
    [
        (b"multipart/form-data; boundary=BoUnDaRy", b"BoUnDaRy"),
        (b'multipart/form-data; charset=utf-8; Boundary="a b:c"; x=y', b"a b:c"),
        (b"multipart/form-data", None),
        (b"multipart/form-data; boundary=", None),
        (b"multipart/form-data; boundary=a; boundary=b", None),
        (b"multipart/form-data; boundary=a; boundary*0=b", None),
        (b"multipart/form-data; boundary*=utf-8''a", None),
        (b'multipart/form-data; boundary="a\\"b"', None),
        (b'multipart/form-data; boundary="a "', None),
        (b"multipart/form-data; boundary=" + b"a" * 71, None),
        (b'multipart/form-data; x="; boundary=a"; boundary=b', None),
    ],
)
def test_a_boundary_that_all_read_alike(kind: bytes, boundary: bytes | None) -> None:
    assert find_boundary(kind) == boundary


def unpack(coding: bytes, body: bytes, sizes: list[int], room: int) -> bytes:
    inflater, plain = Inflater(coding), b""
    for part in cut(body, sizes):
        plain += inflater.unpack(part, room - len(plain))
        if len(plain) > room:
            break
    return plain


@given(plain=st.lists(st.binary(max_size=40), min_size=1, max_size=4), sizes=CUTS)
def test_what_is_packed_is_measured(plain: list[bytes], sizes: list[int]) -> None:
    whole = b"".join(plain)
    packed = b"".join(map(gzip.compress, plain))
    assert unpack(b"gzip", packed, sizes, PLENTY) == gzip.decompress(packed) == whole
    assert unpack(b"deflate", zlib.compress(whole), sizes, PLENTY) == whole
    if whole:
        assert len(unpack(b"gzip", packed, sizes, len(whole) - 1)) == len(whole)


def test_a_bomb_is_unpacked_up_to_the_limit() -> None:
    assert len(Inflater(b"gzip").unpack(gzip.compress(bytes(50_000_000)), 1000)) == 1001


def test_raw_deflate_is_measured_as_some_clients_send_it() -> None:
    packer = zlib.compressobj(wbits=-15)
    assert unpack(b"deflate", packer.compress(b"a" * 99) + packer.flush(), [3], PLENTY) == b"a" * 99


@pytest.mark.parametrize("coding", [b"gzip", b"deflate"])
def test_what_is_not_packed_is_refused(coding: bytes) -> None:
    with pytest.raises(UnreadableBodyError):
        Inflater(coding).unpack(b"\x07plain", PLENTY)
