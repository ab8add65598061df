"""Watches a request body while it streams to the app: size, structure, compression and pace, before any parser."""

import re
from typing import Final, Protocol

from vallum.guard.body_shape import BodyShape
from vallum.guard.errors.refusal import Refusal
from vallum.guard.exchange import ENCODING, LENGTH, TYPE, Exchange
from vallum.guard.http.limits import (
    BODY_LATE,
    CODING_UNKNOWN,
    MALFORMED,
    TOO_COMPLEX,
    TOO_LARGE,
    LimitPolicy,
)
from vallum.guard.input.codings import Inflater, UnreadableBodyError, is_known
from vallum.guard.input.form_meter import PairsMeter, PartsMeter, find_boundary
from vallum.guard.input.json_meter import JsonMeter

KEEPS: Final = ("request-size-limits",)

_BINARY: Final = re.compile(
    rb"(?:image|audio|video|font|multipart)/|application/(?:octet-stream|pdf|zip|gzip|x-tar|wasm|msgpack|x-msgpack)\b"
)
_JSON: Final = re.compile(rb"[^;]*[/+]json\b")
_BLANK: Final = b" \t\r\n\xef\xbb\xbf"
_CONTAINERS: Final = (b"[", b"{")


class Meter(Protocol):
    """Counts one kind of structure."""

    def feed(self, part: bytes) -> bool:
        """Take the next bytes; False once a limit is exceeded."""


class BodyWatch:
    """Judges the body of one request part by part; what it refuses is noted in `exchange.spoiled`, for good."""

    __slots__ = ("_exchange", "_inflater", "_meter", "_policy", "_seen", "_settled", "_started", "_unpacked")

    def __init__(self, exchange: Exchange, policy: LimitPolicy, now: float) -> None:
        """Begin at `now`, seconds of a clock that only goes forward."""
        self._exchange = exchange
        self._policy = policy
        self._started = now
        self._seen = self._unpacked = 0
        self._inflater: Inflater | None = None
        self._meter: Meter | None = None
        self._settled = False

    @property
    def deadline(self) -> float:
        """When the next part must have come: `body_seconds` for the whole, and more for what comes at `body_rate`."""
        return self._started + self._policy.body_seconds + self._seen / self._policy.body_rate

    def feed(self, part: bytes, now: float) -> Refusal | None:
        """Judge the next part of the body, before the app sees it."""
        if not part:
            return None
        if now > self.deadline:
            return self.refuse(BODY_LATE)
        self._seen += len(part)
        if self._seen > self._limit:
            return self.refuse(TOO_LARGE)
        refusal = self._settle() if not self._settled else None
        return self.refuse(refusal) if refusal is not None else self._look(part)

    @property
    def _limit(self) -> int:
        """Bytes: an announced length is judged by the route's limit once that is known, which may be after reading."""
        exchange = self._exchange
        waits = exchange.found[LENGTH] is not None and not exchange.judged
        return self._policy.largest_body if waits else exchange.body_limit

    def refuse(self, refusal: Refusal) -> Refusal:
        """Note the refusal, which is the answer whatever the app does."""
        exchange = self._exchange
        if exchange.spoiled is None:
            exchange.spoiled = refusal
            exchange.core.report(exchange, "request-refused", code=refusal.code)
        return refusal

    def _settle(self) -> Refusal | None:
        """Choose what to count, by what the headers say."""
        coding = (self._exchange.found[ENCODING] or b"identity").strip().lower()
        if coding != b"identity" and self._inflater is None:
            if not is_known(coding):
                return CODING_UNKNOWN
            self._inflater = Inflater(coding)
        self._settled = True
        kind = (self._exchange.found[TYPE] or b"").strip().lower()
        shape = self._exchange.body_shape or self._policy.shape
        if kind.startswith(b"multipart/"):
            boundary = find_boundary(self._exchange.found[TYPE] or b"")
            if boundary is None:
                return MALFORMED
            self._meter = PartsMeter(boundary, fields=shape.fields, field=shape.field)
        elif kind.startswith(b"application/x-www-form-urlencoded"):
            self._meter = PairsMeter(fields=shape.fields, field=shape.field)
        elif _JSON.match(kind):
            self._meter = _measure_json(shape)
        elif not _BINARY.match(kind):
            self._meter = Undecided(shape)
        return None

    def _look(self, part: bytes) -> Refusal | None:
        if self._inflater is not None:
            room = self._limit - self._unpacked
            try:
                part = self._inflater.unpack(part, room)
            except UnreadableBodyError:
                return self.refuse(MALFORMED)
            self._unpacked += len(part)
            if len(part) > room:
                return self.refuse(TOO_LARGE)
        if self._meter is None or self._meter.feed(part):
            return None
        return self.refuse(TOO_COMPLEX)


class Undecided:
    """A body whose type says little: counted as JSON where it begins like an array or object, as some apps read it."""

    __slots__ = ("_meter", "_shape")

    def __init__(self, shape: BodyShape) -> None:
        """Nothing is read yet."""
        self._shape: BodyShape | None = shape
        self._meter: JsonMeter | None = None

    def feed(self, part: bytes) -> bool:
        """Take the next bytes; False once a limit is exceeded."""
        if self._shape is not None and (begun := part.lstrip(_BLANK)):
            self._meter = _measure_json(self._shape) if begun.startswith(_CONTAINERS) else None
            self._shape = None
        return self._meter is None or self._meter.feed(part)


def _measure_json(shape: BodyShape) -> JsonMeter:
    return JsonMeter(depth=shape.depth, values=shape.values, field=shape.field)
