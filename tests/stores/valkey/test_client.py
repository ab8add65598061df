"""What all Valkey stores share: keys in one slot, names hidden, keys that expire, scripts loaded again."""

from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis
from redis.cluster import RedisCluster

from vallum.base.errors import ConfigError
from vallum.stores.memory.accounts import MemoryAccounts
from vallum.stores.proofs import ProofRecord
from vallum.stores.refresh import RefreshRecord
from vallum.stores.sessions import SessionRecord
from vallum.stores.valkey.proofs import ValkeyProofs
from vallum.stores.valkey.refresh import ValkeyRefresh
from vallum.stores.valkey.revocations import ValkeyRevocations
from vallum.stores.valkey.sessions import ValkeySessions

NOW = 1_000.25


def session(name: str, **changes: Any) -> SessionRecord:
    fields: dict[str, Any] = {"actor_id": "ada@example.org", "created": NOW, "seen": NOW, "idle_seconds": 1800.0}
    return SessionRecord(digest=name.encode().ljust(32, b"."), deadline=NOW + 86_400, **fields | changes)


def proof(name: str) -> ProofRecord:
    digest = name.encode().ljust(32, b".")
    return ProofRecord(digest=digest, purpose="reset", account_id="ada", created=NOW, deadline=NOW + 900)


def token(name: str) -> RefreshRecord:
    digest = name.encode().ljust(32, b".")
    return RefreshRecord(digest=digest, family="f", account_id="ada", created=NOW, deadline=NOW + 1000)


def use_all(server: Any, prefix: str = "vallum") -> None:
    """Every script of every store, once."""
    sessions = ValkeySessions(server, prefix=prefix)
    assert sessions.create(session("a"))
    assert sessions.rotate(session("a").digest, session("b"), NOW)
    assert sessions.touch(session("b").digest, NOW + 1)
    assert sessions.change(session("b").digest, {"x": 1}, NOW + 1)
    assert [row.data for row in sessions.list_actor("ada@example.org", NOW)] == [{"x": 1}]
    assert sessions.create(session("c"), instead_of=session("b").digest)
    assert sessions.delete_actor("ada@example.org") == 1
    assert not sessions.delete(session("c").digest)
    assert sessions.purge(NOW) == 0
    proofs = ValkeyProofs(server, prefix=prefix)
    assert proofs.put(proof("a"))
    assert proofs.look(proof("a").digest, "reset", NOW) == proof("a")
    assert proofs.spend(proof("a").digest, "reset", NOW)
    assert proofs.consume(proof("a").digest, "reset", NOW)
    assert proofs.drop_account("ada") == proofs.purge(NOW) == 0
    refresh = ValkeyRefresh(server, prefix=prefix)
    assert refresh.issue(token("a"))
    assert refresh.rotate(token("a").digest, token("b"), NOW, 5) == "rotated"
    assert refresh.find(token("b").digest, NOW) == token("b")
    assert refresh.end_family("f")
    assert refresh.end_account("ada") == refresh.purge(NOW) == 0
    revocations = ValkeyRevocations(server, MemoryAccounts(), prefix=prefix)
    assert revocations.revoke("jti", NOW + 9, NOW)
    assert revocations.is_revoked("jti", NOW)


@pytest.fixture
def client(valkey: Any) -> Any:
    with Redis(unix_socket_path=str(valkey.unix_socket_path)) as client:
        yield client


def test_a_cluster_serves_every_store(start_valkey: Callable[..., Any]) -> None:
    server = start_valkey(**{"cluster-enabled": "yes"})
    node = Redis(port=server.port)
    node.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
    while node.cluster("info")["cluster_state"] != "ok":
        pass
    with RedisCluster(host="127.0.0.1", port=server.port) as cluster:
        use_all(cluster)
    slots = {node.cluster("keyslot", key) for key in node.keys("{vallum:session}*")}
    assert len(slots) <= 1
    node.close()


def test_a_client_that_decodes_is_fine(valkey: Any) -> None:
    with Redis(unix_socket_path=str(valkey.unix_socket_path), decode_responses=True) as client:
        use_all(client, "decoding")


def test_scripts_are_loaded_again(client: Any) -> None:
    client.script_flush()
    use_all(client, "flushed")
    before = client.info("commandstats")["cmdstat_eval"]["calls"]
    use_all(client, "flushed-again")
    assert client.info("commandstats")["cmdstat_eval"]["calls"] == before, "their digests were enough"


def test_keys_name_nobody_and_all_expire(client: Any) -> None:
    ValkeySessions(client, prefix="quiet").create(session("a"))
    ValkeyProofs(client, prefix="quiet").put(proof("a"))
    ValkeyRefresh(client, prefix="quiet").issue(token("a"))
    ValkeyRevocations(client, MemoryAccounts(), prefix="quiet").revoke("jti", NOW + 600, NOW)
    keys = [key for key in client.keys("*quiet:*") if not key.endswith(b":ends")]
    assert len(keys) == 8
    assert not [key for key in keys if b"ada" in key or b"jti" in key]
    assert all(600_000 < client.pttl(key) <= 86_460_000 for key in keys)


def test_use_prolongs_what_the_server_keeps(client: Any) -> None:
    store = ValkeySessions(client, prefix="longer")
    store.create(session("a", idle_seconds=10.0))
    store.touch(session("a").digest, NOW + 9)
    assert 60_000 < client.pttl(store.key_of(session("a").digest)) <= 70_000
    store.purge(NOW + 15)
    assert store.read(session("a").digest, NOW + 18.5) is not None


def test_dead_sessions_leave_no_trace(client: Any) -> None:
    store = ValkeySessions(client, prefix="traces")
    for number in range(20):
        store.create(session(f"old{number}", idle_seconds=1.0))
    store.create(session("late", seen=NOW + 100, actor_id="bob"))
    store.create(session("later", seen=NOW + 100, actor_id="bob"))
    assert client.zcard("{traces:session}:ends") == 2
    assert not client.keys("{traces:session}:actor:*") or len(client.keys("{traces:session}:actor:*")) == 1


def test_strange_keys_are_errors(client: Any) -> None:
    store = ValkeySessions(client, prefix="strange")
    client.lpush(store.key_of(b"x"), "not a session")
    with pytest.raises(Exception, match="WRONGTYPE"):
        store.read(b"x", NOW)


@pytest.mark.parametrize("prefix", ["", "{a}", "a b", "}"])
def test_a_prefix_keeps_the_hash_tag_whole(prefix: str) -> None:
    with pytest.raises(ConfigError, match="prefix"):
        ValkeySessions(object(), prefix=prefix)
