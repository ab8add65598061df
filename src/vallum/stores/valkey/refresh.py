"""Refresh tokens in Valkey or Redis: a hash for each token, and a key for each family that lives."""

import json
from typing import Any, Final

from vallum.stores.refresh import RefreshRecord, Rotation
from vallum.stores.valkey.client import Keyspace, Script, hash_name, keep_for, text

_SWEPT_AT_ONCE: Final = 16
_PRELUDE: Final = """
local base = KEYS[1]
local function open(name, now)
  local row = redis.call('HMGET', base .. 'token:' .. name, 'deadline', 'family', 'heir', 'at', 'rest')
  if row[1] and now < tonumber(row[1]) and redis.call('EXISTS', base .. 'family:' .. row[2]) == 1 then return row end
end
local function prolong(key, keep)
  if redis.call('PTTL', key) < tonumber(keep) then redis.call('PEXPIRE', key, keep) end
end
local function sweep(now, most)
  local ended = redis.call('ZRANGEBYSCORE', base .. 'ends', '-inf', now, 'LIMIT', 0, most)
  for _, name in ipairs(ended) do
    redis.call('DEL', base .. 'token:' .. name)
    redis.call('ZREM', base .. 'ends', name)
  end
  return #ended
end
local function put(name, keep, deadline, family, rest)
  local key = base .. 'token:' .. name
  redis.call('HSET', key, 'deadline', deadline, 'family', family, 'heir', '', 'at', '', 'rest', rest)
  redis.call('PEXPIRE', key, keep)
  redis.call('ZADD', base .. 'ends', deadline, name)
end
local function enlist(family, account, deadline, keep, now)
  local list = base .. 'account:' .. account
  redis.call('ZREMRANGEBYSCORE', list, '-inf', string.format('%.17g', now - 60))
  redis.call('ZADD', list, 'GT', deadline, family)
  prolong(list, keep)
  prolong(base .. 'family:' .. family, keep)
end
local name, keep, deadline, family, account, rest = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
"""
_ISSUE: Final = Script(
    _PRELUDE
    + """
if redis.call('EXISTS', base .. 'token:' .. name, base .. 'family:' .. family) > 0 then return 0 end
sweep(ARGV[7], ARGV[8])
redis.call('SET', base .. 'family:' .. family, account, 'PX', keep)
put(name, keep, deadline, family, rest)
enlist(family, account, deadline, keep, tonumber(ARGV[7]))
return 1
"""
)
_FIND: Final = Script(_PRELUDE + "return open(ARGV[1], tonumber(ARGV[2]))")
_ROTATE: Final = Script(
    _PRELUDE
    + """
local old, now, grace = ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9])
local row = open(old, now)
if not row or row[2] ~= family then return 'dead' end
if row[4] ~= '' then
  if grace > 0 and now - tonumber(row[4]) <= grace and redis.call('HGET', base .. 'token:' .. row[3], 'at') == '' then
    return 'grace'
  end
  redis.call('DEL', base .. 'family:' .. family)
  return 'reused'
end
if redis.call('EXISTS', base .. 'token:' .. name) == 1 then return 'dead' end
redis.call('HSET', base .. 'token:' .. old, 'heir', name, 'at', ARGV[8])
put(name, keep, deadline, family, rest)
enlist(family, account, deadline, keep, now)
return 'rotated'
"""
)
_END_FAMILY: Final = Script("return redis.call('DEL', KEYS[1] .. 'family:' .. ARGV[1])")
_END_ACCOUNT: Final = Script("""
local list, ended = KEYS[1] .. 'account:' .. ARGV[1], 0
for _, family in ipairs(redis.call('ZRANGE', list, 0, -1)) do
  ended = ended + redis.call('DEL', KEYS[1] .. 'family:' .. family)
end
redis.call('DEL', list)
return ended
""")
_PURGE: Final = Script(_PRELUDE + "return sweep(ARGV[1], 1000)")


class ValkeyRefresh:
    """A `RefreshStore` on a server that all machines share."""

    shared: Final = True
    reads_at_once: Final = False
    writes_at_once: Final = False

    def __init__(self, server: str | Any, *, prefix: str = "vallum") -> None:
        """Use `server`: a URL (valkey://, valkeys:// with TLS, unix://) or a client of the package redis."""
        self._space = Keyspace(server, "refresh", prefix)

    def close(self) -> None:
        """Close the connections."""
        self._space.client.close()

    def issue(self, record: RefreshRecord) -> bool:
        """Insert the first token of a family; False, and nothing done, if the digest or the family is taken."""
        values = _values(record, record.created)
        return bool(self._space.run(_ISSUE, *values, float(record.created), _SWEPT_AT_ONCE) == 1)

    def find(self, digest: bytes, now: float) -> RefreshRecord | None:
        """The token, replaced or not, if it is in time and its family lives."""
        row = self._space.run(_FIND, digest.hex(), now)
        return None if row is None else _record(digest, row)

    def rotate(self, digest: bytes, successor: RefreshRecord, now: float, grace: float) -> Rotation:
        """Replace the token by `successor` in one step; see `RefreshStore.rotate`."""
        values = _values(successor, now)
        match text(self._space.run(_ROTATE, *values, digest.hex(), float(now), float(grace))):
            case "rotated":
                return "rotated"
            case "grace":
                return "grace"
            case "reused":
                return "reused"
        return "dead"

    def end_family(self, family: str) -> bool:
        """End all tokens of a family, as at a logout; False if there was none."""
        return bool(self._space.run(_END_FAMILY, hash_name(family)) == 1)

    def end_account(self, account_id: str) -> int:
        """End all families of an account; tell how many."""
        return int(self._space.run(_END_ACCOUNT, hash_name(account_id)))

    def purge(self, now: float) -> int:
        """Remove the tokens that are too old and the server has not yet forgotten by itself; tell how many."""
        swept = total = int(self._space.run(_PURGE, now))
        while swept:
            swept = int(self._space.run(_PURGE, now))
            total += swept
        return total


def _values(record: RefreshRecord, now: float) -> tuple[str | float, ...]:
    rest = [
        record.family,
        record.account_id,
        record.client,
        record.scope,
        record.epoch,
        record.created,
        record.key_thumbprint,
    ]
    keep = keep_for(record.deadline - now)
    family, account = hash_name(record.family), hash_name(record.account_id)
    return (record.digest.hex(), keep, float(record.deadline), family, account, json.dumps(rest))


def _record(digest: bytes, row: Any) -> RefreshRecord:
    deadline, _, heir, at, rest = (text(part) for part in row)
    family, account_id, client, scope, epoch, created, thumbprint = json.loads(rest)
    return RefreshRecord(
        digest=digest,
        family=family,
        account_id=account_id,
        client=client,
        scope=scope,
        epoch=epoch,
        created=created,
        deadline=float(deadline),
        replaced_by=bytes.fromhex(heir),
        replaced_at=float(at) if at else None,
        key_thumbprint=thumbprint,
    )
