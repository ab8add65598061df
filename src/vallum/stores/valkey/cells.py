"""Cells in Valkey or Redis: a hash for each, which the server forgets by itself."""

from typing import Any, Final

from vallum.stores.valkey.client import Keyspace, Script, hash_name, keep_for, text

_PRELUDE: Final = """
local key, now = KEYS[1] .. ARGV[1], tonumber(ARGV[2])
local row = redis.call('HMGET', key, 'value', 'deadline')
local living = row[1] and now < tonumber(row[2])
local function put(value, deadline, keep)
  redis.call('HSET', key, 'value', value, 'deadline', deadline)
  redis.call('PEXPIRE', key, keep)
  return 1
end
"""
_READ: Final = Script(_PRELUDE + "if living then return row[1] end return nil")
_PUT_NEW: Final = Script(_PRELUDE + "if living then return 0 end return put(ARGV[3], ARGV[4], ARGV[5])")
_SWAP: Final = Script(
    _PRELUDE + "if not living or row[1] ~= ARGV[6] then return 0 end return put(ARGV[3], ARGV[4], ARGV[5])"
)
_TAKE: Final = Script(_PRELUDE + "redis.call('DEL', key) if living then return row[1] end return nil")
_DROP: Final = Script(_PRELUDE + "if row[1] == ARGV[3] then return redis.call('DEL', key) end return 0")


class ValkeyCells:
    """A `CellStore` on a server that all machines share: each decision is one script."""

    shared: Final = True
    at_once: Final = False

    def __init__(self, server: str | Any, *, prefix: str = "vallum") -> None:
        """Use `server`: a URL (valkey://, valkeys:// with TLS, unix://) or a client of the package redis."""
        self._space = Keyspace(server, "cell", prefix)

    def close(self) -> None:
        """Close the connections."""
        self._space.client.close()

    def read(self, name: str, now: float) -> str | None:
        """The living value."""
        return _text(self._space.run(_READ, hash_name(name), float(now)))

    def put_new(self, name: str, value: str, now: float, deadline: float) -> bool:
        """Put `value` where no living one is; False, and nothing done, where one is."""
        keep = keep_for(deadline - now)
        return bool(self._space.run(_PUT_NEW, hash_name(name), float(now), value, float(deadline), keep) == 1)

    def swap(self, name: str, expected: str, value: str, now: float, deadline: float) -> bool:
        """Replace the living value if it is `expected`; False, and nothing done, if it is not."""
        keep = keep_for(deadline - now)
        done = self._space.run(_SWAP, hash_name(name), float(now), value, float(deadline), keep, expected)
        return bool(done == 1)

    def take(self, name: str, now: float) -> str | None:
        """Remove the living value and return it: of parallel callers one gets it, the rest None."""
        return _text(self._space.run(_TAKE, hash_name(name), float(now)))

    def drop(self, name: str, expected: str) -> bool:
        """Remove the value if it is `expected`; False, and nothing done, if it is not."""
        return bool(self._space.run(_DROP, hash_name(name), 0.0, expected) == 1)

    def purge(self, _now: float) -> int:
        """Nothing: the server forgets what has ended by itself."""
        return 0


def _text(answer: Any) -> str | None:
    return None if answer is None else text(answer)
