"""One-time proofs in Valkey or Redis: a hash for each, and a sorted set of each account's."""

import json
from collections.abc import Collection
from typing import Any, Final

from vallum.stores.proofs import ProofRecord
from vallum.stores.valkey.client import Keyspace, Script, hash_name, keep_for, text

_SWEPT_AT_ONCE: Final = 16
_PRELUDE: Final = """
local base = KEYS[1]
local function open(name, purpose, now)
  local row = redis.call('HMGET', base .. 'proof:' .. name, 'deadline', 'purpose', 'browser', 'left', 'rest')
  if row[1] and row[2] == purpose and now < tonumber(row[1]) then return row end
end
local function drop(name)
  local account = redis.call('HGET', base .. 'proof:' .. name, 'account')
  if account then redis.call('ZREM', base .. 'account:' .. account, name) end
  redis.call('ZREM', base .. 'ends', name)
  return redis.call('DEL', base .. 'proof:' .. name)
end
local function sweep(now, most)
  local ended = redis.call('ZRANGEBYSCORE', base .. 'ends', '-inf', now, 'LIMIT', 0, most)
  for _, name in ipairs(ended) do drop(name) end
  return #ended
end
"""
_PUT: Final = Script(
    _PRELUDE
    + """
local name, keep, created, deadline, account = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local key, list = base .. 'proof:' .. name, base .. 'account:' .. account
if redis.call('EXISTS', key) == 1 then return 0 end
sweep(created, ARGV[10])
redis.call('HSET', key, 'deadline', deadline, 'account', account, 'purpose', ARGV[6], 'browser', ARGV[7],
  'left', ARGV[8], 'rest', ARGV[9])
redis.call('PEXPIRE', key, keep)
redis.call('ZADD', base .. 'ends', deadline, name)
redis.call('ZADD', list, deadline, name)
if redis.call('PTTL', list) < tonumber(keep) then redis.call('PEXPIRE', list, keep) end
return 1
"""
)
_LOOK: Final = Script(_PRELUDE + "return open(ARGV[1], ARGV[2], tonumber(ARGV[3]))")
_CONSUME: Final = Script(
    _PRELUDE
    + """
local row = open(ARGV[1], ARGV[2], tonumber(ARGV[3]))
if not row or row[3] ~= ARGV[4] then return nil end
drop(ARGV[1])
return row
"""
)
_SPEND: Final = Script(
    _PRELUDE
    + """
local row = open(ARGV[1], ARGV[2], tonumber(ARGV[3]))
if not row or tonumber(row[4]) < 1 then return nil end
row[4] = redis.call('HINCRBY', base .. 'proof:' .. ARGV[1], 'left', -1)
return row
"""
)
_DROP_ACCOUNT: Final = Script(
    _PRELUDE
    + """
local wanted, all, dropped = {}, ARGV[2] == 'all', 0
for place = 3, #ARGV do wanted[ARGV[place]] = true end
for _, name in ipairs(redis.call('ZRANGE', base .. 'account:' .. ARGV[1], 0, -1)) do
  local purpose = redis.call('HGET', base .. 'proof:' .. name, 'purpose')
  if purpose and (all or wanted[purpose]) then dropped = dropped + drop(name) end
end
return dropped
"""
)
_PURGE: Final = Script(_PRELUDE + "return sweep(ARGV[1], 1000)")


class ValkeyProofs:
    """A `ProofStore` on a server that all machines share."""

    shared: Final = True
    reads_at_once: Final = False
    writes_at_once: Final = False

    def __init__(self, server: str | Any, *, prefix: str = "vallum") -> None:
        """Use `server`: a URL (valkey://, valkeys:// with TLS, unix://) or a client of the package redis."""
        self._space = Keyspace(server, "proof", prefix)

    def close(self) -> None:
        """Close the connections."""
        self._space.client.close()

    def put(self, record: ProofRecord) -> bool:
        """Insert `record`; False, and nothing done, if the digest is taken."""
        rest = json.dumps([record.account_id, record.value, record.created, dict(record.data)])
        done = self._space.run(
            _PUT,
            record.digest.hex(),
            keep_for(record.deadline - record.created),
            float(record.created),
            float(record.deadline),
            hash_name(record.account_id),
            record.purpose,
            record.browser.hex(),
            record.attempts_left,
            rest,
            _SWEPT_AT_ONCE,
        )
        return bool(done == 1)

    def look(self, digest: bytes, purpose: str, now: float) -> ProofRecord | None:
        """The proof, if it is in time and has attempts left."""
        record = _record(digest, self._space.run(_LOOK, digest.hex(), purpose, now))
        return record if record is not None and record.attempts_left > 0 else None

    def consume(self, digest: bytes, purpose: str, now: float, *, browser: bytes = b"") -> ProofRecord | None:
        """Remove the proof and return it: of parallel callers one gets it, the rest None."""
        return _record(digest, self._space.run(_CONSUME, digest.hex(), purpose, now, browser.hex()))

    def spend(self, digest: bytes, purpose: str, now: float) -> ProofRecord | None:
        """Take one attempt and return the proof as it is afterwards; None if none was left."""
        return _record(digest, self._space.run(_SPEND, digest.hex(), purpose, now))

    def drop_account(self, account_id: str, purposes: Collection[str] | None = None) -> int:
        """Remove an account's proofs of these purposes, or all; tell how many."""
        scope = "all" if purposes is None else "some"
        return int(self._space.run(_DROP_ACCOUNT, hash_name(account_id), scope, *(purposes or ())))

    def purge(self, now: float) -> int:
        """Remove what is too old and the server has not yet forgotten by itself; tell how many."""
        swept = total = int(self._space.run(_PURGE, now))
        while swept:
            swept = int(self._space.run(_PURGE, now))
            total += swept
        return total


def _record(digest: bytes, row: Any) -> ProofRecord | None:
    if row is None:
        return None
    deadline, purpose, browser, left, rest = (text(part) for part in row)
    account_id, value, created, data = json.loads(rest)
    return ProofRecord(
        digest=digest,
        purpose=purpose,
        account_id=account_id,
        value=value,
        data=data,
        created=created,
        deadline=float(deadline),
        attempts_left=int(left),
        browser=bytes.fromhex(browser),
    )
