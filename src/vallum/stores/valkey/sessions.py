"""Sessions in Valkey or Redis.

One value holds a session: a line of what scripts decide by, then the rest as JSON that no script reads. Two sorted sets
stand beside: the sessions of each actor, and the moment at which each session ends unless it is used.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from vallum.stores.sessions import Json, SessionRecord
from vallum.stores.valkey.client import Keyspace, Script, hash_name, keep_for, text

_SWEPT_AT_ONCE: Final = 16
_DECODE: Final = json.JSONDecoder().raw_decode
"""What json.loads does, less its care for white space: one runs in every request."""
_PRELUDE: Final = """
local base = KEYS[1]
local function open(name)
  local value = redis.call('GET', base .. 'session:' .. name)
  if not value then return nil end
  local seen, idle, deadline, actor, rest = string.match(value, '^(%S+) (%S+) (%S+) (%S+)\\n(.*)$')
  return {seen = seen, idle = idle, deadline = deadline, actor = actor, rest = rest}
end
local function living(name, now)
  local row = open(name)
  if row and now < tonumber(row.deadline) and now < tonumber(row.seen) + tonumber(row.idle) then return row end
end
local function drop(name, actor)
  redis.call('ZREM', base .. 'ends', name)
  if actor then redis.call('ZREM', base .. 'actor:' .. actor, name) end
  return redis.call('DEL', base .. 'session:' .. name)
end
local function put(name, row, now)
  local ends = math.min(tonumber(row.deadline), tonumber(row.seen) + tonumber(row.idle))
  local keep = string.format('%.0f', (math.max(ends - now, 0) + 60) * 1000)
  local value = row.seen .. ' ' .. row.idle .. ' ' .. row.deadline .. ' ' .. row.actor .. '\\n' .. row.rest
  redis.call('SET', base .. 'session:' .. name, value, 'PX', keep)
  redis.call('ZADD', base .. 'ends', string.format('%.17g', ends), name)
end
local function enlist(name, row, now, keep)
  local key = base .. 'actor:' .. row.actor
  redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.17g', now - 60))
  redis.call('ZADD', key, row.deadline, name)
  if redis.call('PTTL', key) < tonumber(keep) then redis.call('PEXPIRE', key, keep) end
end
local function sweep(now, most)
  local ended = redis.call('ZRANGEBYSCORE', base .. 'ends', '-inf', now, 'LIMIT', 0, most)
  for _, name in ipairs(ended) do
    local row = open(name)
    drop(name, row and row.actor)
  end
  return #ended
end
"""
_RECORD: Final = """
local name, keep = ARGV[1], ARGV[2]
local row = {seen = ARGV[3], idle = ARGV[4], deadline = ARGV[5], actor = ARGV[6], rest = ARGV[7]}
if redis.call('EXISTS', base .. 'session:' .. name) == 1 then return 0 end
"""
_CREATE: Final = Script(
    _PRELUDE
    + _RECORD
    + """
local now = tonumber(row.seen)
sweep(row.seen, ARGV[9])
if ARGV[8] ~= '' then
  local old = open(ARGV[8])
  drop(ARGV[8], old and old.actor)
end
put(name, row, now)
enlist(name, row, now, keep)
return 1
"""
)
_ROTATE: Final = Script(
    _PRELUDE
    + _RECORD
    + """
local now = tonumber(ARGV[9])
local old = living(ARGV[8], now)
if not old then return 0 end
drop(ARGV[8], old.actor)
put(name, row, now)
enlist(name, row, now, keep)
return 1
"""
)
_TOUCH: Final = Script(
    _PRELUDE
    + """
local row = living(ARGV[1], tonumber(ARGV[2]))
if not row then return 0 end
if tonumber(row.seen) < tonumber(ARGV[2]) then
  row.seen = ARGV[2]
  put(ARGV[1], row, tonumber(ARGV[2]))
end
return 1
"""
)
# 0: dead; 1: done; 2: somebody else changed it since it was read.
_CHANGE: Final = Script(
    _PRELUDE
    + """
local row = living(ARGV[1], tonumber(ARGV[2]))
if not row then return 0 end
if row.rest ~= ARGV[3] then return 2 end
row.rest = ARGV[4]
put(ARGV[1], row, tonumber(ARGV[2]))
return 1
"""
)
_DELETE: Final = Script(
    _PRELUDE
    + """
local row = open(ARGV[1])
return drop(ARGV[1], row and row.actor)
"""
)
_DELETE_ACTOR: Final = Script(
    _PRELUDE
    + """
local ended = 0
for _, name in ipairs(redis.call('ZRANGE', base .. 'actor:' .. ARGV[1], 0, -1)) do
  if name ~= ARGV[2] then ended = ended + drop(name, ARGV[1]) end
end
return ended
"""
)
_LIST: Final = Script(
    _PRELUDE
    + """
local found = {}
for _, name in ipairs(redis.call('ZRANGE', base .. 'actor:' .. ARGV[1], 0, -1)) do
  local value = redis.call('GET', base .. 'session:' .. name)
  if value then
    found[#found + 1] = name
    found[#found + 1] = value
  end
end
return found
"""
)
_PURGE: Final = Script(_PRELUDE + "return sweep(ARGV[1], 1000)")


class ValkeySessions:
    """A `SessionStore` on a server that all machines share."""

    shared: Final = True
    reads_at_once: Final = False
    writes_at_once: Final = False

    def __init__(self, server: str | Any, *, prefix: str = "vallum") -> None:
        """Use `server`: a URL (valkey://, valkeys:// with TLS, unix://) or a client of the package redis.

        A client of your own needs short timeouts and no retries. Raises `ConfigError` for another kind of URL.
        """
        self._space = Keyspace(server, "session", prefix)
        self.url = server if isinstance(server, str) else ""

    def close(self) -> None:
        """Close the connections."""
        self._space.client.close()

    def read(self, digest: bytes, now: float) -> SessionRecord | None:
        """The living session under `digest`."""
        value = self._space.client.get(self.key_of(digest))
        record = None if value is None else parse_session(digest, text(value))
        return record if record is not None and record.is_alive(now) else None

    def create(self, record: SessionRecord, *, instead_of: bytes | None = None) -> bool:
        """Insert `record` and delete the session `instead_of` in the same step; False if the digest is taken."""
        old = "" if instead_of is None else instead_of.hex()
        return bool(self._space.run(_CREATE, *_values(record, record.seen), old, _SWEPT_AT_ONCE) == 1)

    def rotate(self, digest: bytes, record: SessionRecord, now: float) -> bool:
        """Replace the living session under `digest` by `record` in one step; False, and nothing done, if it is dead."""
        return bool(self._space.run(_ROTATE, *_values(record, now), digest.hex(), now) == 1)

    def touch(self, digest: bytes, now: float) -> bool:
        """Note that a living session was used."""
        return bool(self._space.run(_TOUCH, digest.hex(), now) == 1)

    def change(self, digest: bytes, changes: Mapping[str, Json], now: float) -> bool:
        """Merge `changes` into the data of a living session, key by key; None removes a key."""
        while True:
            value = self._space.client.get(self.key_of(digest))
            if value is None:
                return False
            record = parse_session(digest, text(value))
            _, _, before = text(value).partition("\n")
            done = self._space.run(_CHANGE, digest.hex(), now, before, _rest(record.with_changes(changes)))
            if done != 2:
                return bool(done == 1)

    def delete(self, digest: bytes) -> bool:
        """End a session; False if it was not there."""
        return bool(self._space.run(_DELETE, digest.hex()) == 1)

    def delete_actor(self, actor_id: str, *, but: bytes | None = None) -> int:
        """End all sessions of an actor, except the one under `but`; tell how many."""
        return int(self._space.run(_DELETE_ACTOR, hash_name(actor_id), "" if but is None else but.hex()))

    def list_actor(self, actor_id: str, now: float) -> Sequence[SessionRecord]:
        """The living sessions of an actor, oldest first."""
        found = [text(part) for part in self._space.run(_LIST, hash_name(actor_id))]
        pairs = zip(found[::2], found[1::2], strict=True)
        records = [parse_session(bytes.fromhex(name), value) for name, value in pairs]
        return sorted((record for record in records if record.is_alive(now)), key=lambda record: record.created)

    def purge(self, now: float) -> int:
        """Remove the dead that the server has not yet forgotten by itself; tell how many."""
        swept = total = int(self._space.run(_PURGE, now))
        while swept:
            swept = int(self._space.run(_PURGE, now))
            total += swept
        return total

    def key_of(self, digest: bytes) -> str:
        """Where the session stands."""
        return f"{self._space.base}session:{digest.hex()}"


def _values(record: SessionRecord, now: float) -> tuple[str | float, ...]:
    limits = (record.seen, record.idle_seconds, record.deadline)
    keep = keep_for(record.deadline - now)
    return (record.digest.hex(), keep, *map(float, limits), hash_name(record.actor_id), _rest(record))


def _rest(record: SessionRecord) -> str:
    return json.dumps(
        [record.actor_id, record.roles, record.created, record.address, record.agent, dict(record.data)],
        separators=(",", ":"),
    )


def parse_session(digest: bytes, value: str) -> SessionRecord:
    """The session in a value as the scripts write it."""
    line, _, rest = value.partition("\n")
    seen, idle, deadline, _ = line.split(" ")
    actor_id, roles, created, address, agent, data = _DECODE(rest)[0]
    return SessionRecord(
        digest=digest,
        actor_id=actor_id,
        roles=tuple(roles),
        created=created,
        seen=float(seen),
        idle_seconds=float(idle),
        deadline=float(deadline),
        address=address,
        agent=agent,
        data=data,
    )
