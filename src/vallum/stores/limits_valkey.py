"""Rate limits in Valkey or Redis: shared by all machines, one atomic script for each decision."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from vallum.base.errors import ConfigError
from vallum.stores.limits import Charge, Decision

TIMEOUT_SECONDS: Final = 0.25
_PREFIX: Final = "vallum:limit:"
# ARGV: the time in microseconds or "" for the server's own, then tolerance and increment of each key. Numbers stay
# below 2^53, so that Lua's doubles hold them exactly; "%.0f" writes them without an exponent.
_SCRIPT: Final = """
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = tonumber(time[1]) * 1000000 + tonumber(time[2])
end
local answer = {1}
for place, key in ipairs(KEYS) do
  local tolerance, increment = tonumber(ARGV[2 * place]), tonumber(ARGV[2 * place + 1])
  local debt = (tonumber(redis.call('GET', key) or '') or now) - now
  debt = math.min(math.max(debt, 0), tolerance)
  answer[place + 1] = debt
  if debt + increment > tolerance then answer[1] = 0 end
end
if answer[1] == 1 then
  for place, key in ipairs(KEYS) do
    local debt = answer[place + 1] + tonumber(ARGV[2 * place + 1])
    answer[place + 1] = debt
    redis.call('SET', key, string.format('%.0f', now + debt), 'PX', math.ceil(debt / 1000) + 1)
  end
end
return answer
"""
_SHA: Final = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()
"""The name that the server gives the script: no secret rests on it."""


class ValkeyLimits:
    """A `LimitStore` on Valkey or Redis, alone or as a cluster.

    All keys of a subject share one hash tag and so one slot, as a cluster demands of a script. Keys are digests: the
    server learns no account and no address. Paid keys expire by themselves. A server that lost its memory begins anew.
    """

    shared: Final = True
    at_once: Final = False

    def __init__(self, server: str | Any, *, server_time: bool = True) -> None:
        """Use `server`: a URL (valkey://, valkeys:// with TLS, unix://) or a client of the package redis.

        With `server_time`, the server's clock counts, so that the clocks of the workers need not agree; without, the
        limiter's. A client of your own needs short timeouts and no retries: a second try may charge twice. Raises
        `ConfigError` for another kind of URL.
        """
        self._client = _connect(server) if isinstance(server, str) else server
        self._server_time = server_time

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def take(self, subject: str, charges: Sequence[Charge], now: int) -> Decision:
        """Charge `subject` with all of `charges` in one step, or with none. Raises what the client raises."""
        values: list[str | int] = [*_keys(subject, charges), "" if self._server_time else now]
        for charge in charges:
            values += (charge.tolerance, charge.increment)
        try:
            answer = self._client.evalsha(_SHA, len(charges), *values)
        except Exception as error:
            # The server has restarted or its scripts were flushed; EVAL keeps the script for the next time. By name,
            # for the packages redis and valkey each have a class of their own.
            if type(error).__name__ != "NoScriptError":
                raise
            answer = self._client.eval(_SCRIPT, len(charges), *values)
        return answer[0] == 1, answer[1:]

    def forget(self, subject: str, limit: str) -> None:
        """Clear what `subject` owes to one limit. Raises what the client raises."""
        self._client.delete(f"{_PREFIX}{{{_digest(subject)}}}:{limit}")


def _keys(subject: str, charges: Sequence[Charge]) -> list[str]:
    tag = f"{_PREFIX}{{{_digest(subject)}}}:"
    return [tag + charge.limit for charge in charges]


def _digest(subject: str) -> str:
    return hashlib.blake2b(subject.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _connect(url: str) -> Any:
    scheme, _, rest = url.partition("://")
    spoken = {"valkey": "redis", "valkeys": "rediss", "redis": "redis", "rediss": "rediss", "unix": "unix"}.get(scheme)
    if spoken is None:
        raise ConfigError(
            "the address of the limits' server is not a URL for Valkey or Redis.",
            hint="Write valkey://host:6379/0, valkeys:// for TLS, or unix:///path/to/socket.",
            code="limits-unclear",
        )
    try:
        from redis import Redis  # noqa: PLC0415 - an extra, loaded only where it is used
        from redis.backoff import NoBackoff  # noqa: PLC0415 - the same
        from redis.retry import Retry  # noqa: PLC0415 - the same
    except ImportError:
        hint = 'Install it: pip install "vallum[valkey]".'
        raise ConfigError("limits in Valkey need the package redis.", hint=hint, code="extra-missing") from None
    wait = TIMEOUT_SECONDS
    return Redis.from_url(
        f"{spoken}://{rest}", socket_timeout=wait, socket_connect_timeout=wait, retry=Retry(NoBackoff(), 0)
    )
