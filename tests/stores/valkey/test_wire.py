"""The protocol on the wire: replies in any pieces, against hiredis' rules; servers that lie, stall or go away."""

import asyncio
import sys
import types
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.stores.valkey.front import read_address
from vallum.stores.valkey.resp import BrokenReplyError, PlainReader, ReplyError, encode, open_reader
from vallum.stores.valkey.wire import Address, connect

VALUES = st.recursive(st.none() | st.binary() | st.integers(), lambda inner: st.lists(inner, max_size=4))


def write(value: Any) -> bytes:
    if value is None:
        return b"$-1\r\n"
    if isinstance(value, bytes):
        return b"$%d\r\n%b\r\n" % (len(value), value)
    if isinstance(value, int):
        return b":%d\r\n" % value
    return b"*%d\r\n" % len(value) + b"".join(map(write, value))


@given(st.lists(VALUES, min_size=1, max_size=4), st.integers(1, 9))
def test_replies_in_any_pieces(values: list[Any], size: int) -> None:
    reader, got = PlainReader(), []
    data = b"".join(map(write, values))
    for start in range(0, len(data), size):
        reader.feed(data[start : start + size])
        while (reply := reader.gets()) is not False:
            got.append(reply)
    assert got == values


def test_words_errors_and_empty_arrays() -> None:
    reader = PlainReader()
    reader.feed(b"+OK\r\n-WRONGTYPE no\r\n*-1\r\n")
    assert reader.gets() == b"OK"
    error = reader.gets()
    assert isinstance(error, ReplyError)
    assert "WRONGTYPE" in str(error)
    assert reader.gets() is None
    assert reader.gets() is False


@pytest.mark.parametrize("data", [b"!3\r\n", b"$x\r\n", b":\r\n", b"\r\n", b"HTTP/1.1 400\r\n"])
def test_what_is_no_reply_is_an_error(data: bytes) -> None:
    reader = PlainReader()
    reader.feed(data)
    with pytest.raises(BrokenReplyError):
        reader.gets()


def test_a_reply_has_a_longest() -> None:
    with pytest.raises(BrokenReplyError):
        PlainReader().feed(b"$99999999\r\n" + bytes(17 * 2**20))


@given(st.lists(st.binary(), min_size=1, max_size=5))
def test_commands_are_arrays_of_bulk_strings(words: list[bytes]) -> None:
    reader = PlainReader()
    reader.feed(encode(*words))
    assert reader.gets() == words


def test_hiredis_is_taken_if_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    fake = types.SimpleNamespace(Reader=lambda **options: made.append(options) or "fast")
    monkeypatch.setitem(sys.modules, "hiredis", fake)
    assert open_reader() == "fast"
    assert made == [{"protocolError": BrokenReplyError, "replyError": ReplyError}]
    monkeypatch.setitem(sys.modules, "hiredis", None)
    assert isinstance(open_reader(), PlainReader)


def against(answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], use: Any) -> None:
    """Run `use(address)` against a server that treats each connection by `answer`."""

    async def inside() -> None:
        done = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await answer(reader, writer)
                await done.wait()
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        try:
            await use(Address(host="127.0.0.1", port=server.sockets[0].getsockname()[1]))
        finally:
            done.set()
            server.close()
            await server.wait_closed()

    asyncio.run(inside())


@pytest.mark.parametrize("lie", [b"garbage\r\n", b"+OK\r\n+OK\r\n+OK\r\n"])
def test_a_server_that_lies_loses_the_connection(lie: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"PING\r\n")
        writer.write(lie)

    async def use(address: Address) -> None:
        wire = await connect(address)
        await asyncio.gather(wire.ask(encode(b"PING")), return_exceptions=True)
        await asyncio.sleep(0)
        assert not wire.is_open
        with pytest.raises(ConnectionError):
            await wire.ask(encode(b"PING"))

    against(answer, use)


def test_a_silent_server_is_not_waited_for() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"PING\r\n")

    async def use(address: Address) -> None:
        wire = await connect(address, wait=0.05)
        got = await asyncio.gather(*[wire.ask(encode(b"PING")) for _ in range(3)], return_exceptions=True)
        assert [type(error) for error in got] == [ConnectionError] * 3

    against(answer, use)


def test_a_busy_server_keeps_the_connection() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(12):
            await reader.readuntil(b"PING\r\n")
            await asyncio.sleep(0.01)
            writer.write(b"+PONG\r\n")

    async def use(address: Address) -> None:
        wire = await connect(address, wait=0.05)
        assert await asyncio.gather(*[wire.ask(encode(b"PING")) for _ in range(12)]) == [b"PONG"] * 12
        await asyncio.sleep(0.12)
        assert wire.is_open, "an idle connection is not suspected"
        wire.abort()

    against(answer, use)


def test_the_greeting_is_said_first_and_a_refusal_is_an_error() -> None:
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"secret\r\n"))
        writer.write(b"-WRONGPASS no\r\n")

    async def use(address: Address) -> None:
        greeting = read_address({"username": "ada", "password": "secret", "db": 3}).greeting
        with pytest.raises(ReplyError, match="WRONGPASS"):
            await connect(Address(host=address.host, port=address.port, greeting=greeting))

    against(answer, use)
    assert heard == [encode(b"AUTH", b"ada", b"secret")]


def test_an_address_is_read_from_the_options() -> None:
    assert read_address({}) == Address()
    assert read_address({"path": "/s", "db": 2}) == Address(path="/s", greeting=((b"SELECT", b"2"),))
    assert read_address({"password": "p"}).greeting == ((b"AUTH", b"p"),)
    assert "hunter2" not in repr(read_address({"password": "hunter2"}))


def test_a_certificate_is_asked_for() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"+OK\r\n")

    async def use(address: Address) -> None:
        with pytest.raises((OSError, TimeoutError)):
            await connect(Address(host=address.host, port=address.port, tls=True), wait=0.5)

    against(answer, use)
