"""An app at a URL: HTTP/1.1 with targets exactly as they are given, no redirects, no cookies of its own."""

import http.client
import ssl
from urllib.parse import urlsplit

from vallum.base.clock import Clock
from vallum.probe.collect.wire import BODY_KEPT, Keep, Wire
from vallum.probe.exchange import Answer

_PIECE = 1 << 16


class NetworkTransport:
    """Opens one connection for each request, to the one host of the URL."""

    in_process = False

    def __init__(self, url: str, clock: Clock) -> None:
        """Take scheme, host and port; a path in the URL is the reader's own business."""
        parts = urlsplit(url)
        self.base = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or ""
        self._port = parts.port
        self._clock = clock

    def send(self, wire: Wire, timeout: float) -> Answer:
        """Send one request; what the network refuses is told in `fault`."""
        began = self._clock()
        if wire.scheme and wire.scheme != self.base.partition(":")[0] and self._port:
            return Answer(status=0, fault=f"the address of the app by {wire.scheme} is not known")
        connection = self._connect(wire.scheme, timeout)
        try:
            connection.putrequest(wire.method, wire.target, skip_host=True, skip_accept_encoding=True)
            for name, value in wire.headers:
                connection.putheader(name, value.encode("latin-1", "replace"))
            chunked = any(name.lower() == "transfer-encoding" for name, _ in wire.headers)
            connection.endheaders(wire.body or None, encode_chunked=chunked)
            answer = connection.getresponse()
            keep = self._read(answer)
            return Answer(
                status=answer.status,
                headers=tuple(answer.getheaders()),
                body=keep.body,
                length=keep.length,
                seconds=self._clock() - began,
            )
        except (OSError, http.client.HTTPException, ValueError) as error:
            told = str(error) or type(error).__name__
            return Answer(status=0, seconds=self._clock() - began, fault=told)
        finally:
            connection.close()

    def close(self) -> None:
        """Nothing is kept open."""

    def _connect(self, scheme: str, timeout: float) -> http.client.HTTPConnection:
        if self._secure if not scheme else scheme == "https":
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=context)
        return http.client.HTTPConnection(self._host, self._port, timeout=timeout)

    def _read(self, answer: http.client.HTTPResponse) -> Keep:
        keep = Keep()
        streams = "event-stream" in (answer.getheader("content-type") or "")
        while keep.length < BODY_KEPT and (piece := answer.read1(_PIECE)):
            keep.add(piece)
            if streams:
                break
        keep.length = max(keep.length, answer.length or 0)
        return keep
