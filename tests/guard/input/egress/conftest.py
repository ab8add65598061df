"""Real servers on two loopback addresses, and a real DNS server whose answers change."""

import contextlib
import http.server
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

Answer = Callable[[Any], None]


class Server:
    """A server on a loopback address that notes what it was asked."""

    def __init__(self, address: str, port: int, answer: Answer) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []
        asked = self.asked

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                with contextlib.suppress(ConnectionError):
                    answer(self)

            do_POST = do_GET  # noqa: N815 - the name that the library looks for

            def log_message(self, *_: object) -> None: ...

        self.http = http.server.ThreadingHTTPServer((address, port), Handler)
        self.port = self.http.server_address[1]
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def build(answer: Answer, address: str = "127.0.0.1", port: int = 0) -> Server:
        servers.append(Server(address, port, answer))
        return servers[-1]

    yield build
    for server in servers:
        server.close()


class NameServer:
    """Answers each A query with the next of its addresses (RFC 1035), over UDP."""

    def __init__(self, addresses: list[str]) -> None:
        self.asked = 0
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, sock = self.request
                address = addresses[min(outer.asked, len(addresses) - 1)]
                outer.asked += 1
                end = data.index(b"\0", 12) + 5
                head = data[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0)
                record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + socket.inet_aton(address)
                sock.sendto(head + data[12:end] + record, self.client_address)

        self.udp = socketserver.UDPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.udp.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def resolve(self, host: str, _: int) -> list[str]:
        """Ask over the wire, as a resolver without a cache does."""
        name = b"".join(bytes([len(label)]) + label.encode("ascii") for label in host.split(".")) + b"\0"
        query = struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + name + struct.pack("!HH", 1, 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(5)
            sock.sendto(query, self.udp.server_address)
            return [socket.inet_ntoa(sock.recv(512)[-4:])]

    def close(self) -> None:
        self.udp.shutdown()
        self.udp.server_close()
        self.thread.join()


@pytest.fixture
def name_server() -> Iterator[Callable[..., NameServer]]:
    servers: list[NameServer] = []

    def build(*addresses: str) -> NameServer:
        servers.append(NameServer(list(addresses)))
        return servers[-1]

    yield build
    for server in servers:
        server.close()
