"""Rate limits in Valkey or Redis: shared by all machines, one atomic script for each decision."""

from collections.abc import Sequence
from typing import Any, Final

from vallum.stores.limits import Charge, Decision
from vallum.stores.valkey.client import QUICK_SECONDS, Script, connect, hash_name

_PREFIX: Final = "vallum:limit:"
# ARGV: the time in microseconds or "" for the server's own, then tolerance and increment of each key. Numbers stay
# below 2^53, so that Lua's doubles hold them exactly; "%.0f" writes them without an exponent.
_TAKE: Final = Script("""
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
""")


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
        self._client = connect(server, QUICK_SECONDS) if isinstance(server, str) else server
        self._server_time = server_time

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def take(self, subject: str, charges: Sequence[Charge], now: int) -> Decision:
        """Charge `subject` with all of `charges` in one step, or with none. Raises what the client raises."""
        values: list[str | int] = ["" if self._server_time else now]
        for charge in charges:
            values += (charge.tolerance, charge.increment)
        answer = _TAKE.run(self._client, _keys(subject, charges), values)
        return answer[0] == 1, answer[1:]

    def forget(self, subject: str, limit: str) -> None:
        """Clear what `subject` owes to one limit. Raises what the client raises."""
        self._client.delete(f"{_PREFIX}{{{hash_name(subject)}}}:{limit}")


def _keys(subject: str, charges: Sequence[Charge]) -> list[str]:
    tag = f"{_PREFIX}{{{hash_name(subject)}}}:"
    return [tag + charge.limit for charge in charges]
