import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from vallum.base.errors import ConfigError
from vallum.guard import BearerPolicy, Guard, GuardPolicy, current_actor, requires
from vallum.guard.authorization.api_keys import DAY, ApiKeys, KeyForbiddenError, KeyPolicy
from vallum.guard.http.rate_limit import RateLimitedError
from vallum.guard.tokens.bearer import BearerRefusedError
from vallum.stores.limits_memory import MemoryLimits
from vallum.stores.memory.api_keys import MemoryApiKeys

POLICY = KeyPolicy(
    prefix="notes",
    scopes=frozenset({"notes:read", "notes:write"}),
    sensitive=frozenset({"billing"}),
    rate="5/minute",
)


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store():
    return MemoryApiKeys()


@pytest.fixture
def keys(store, clock):
    return ApiKeys(store, POLICY, limits=MemoryLimits(), clock=clock)


@pytest.fixture
def issued(keys):
    return keys.issue("ada", name="backup", scopes={"notes:read"})


def test_a_key_is_shown_once_and_stored_as_a_digest(issued, keys):
    text = issued.key.reveal()
    assert text.startswith("notes_")
    assert len(text) == len("notes_") + 12 + 43 + 6
    assert text not in repr(issued) + repr(keys.list_keys("ada"))
    assert keys.list_keys("ada") == [issued.record]


def test_a_key_stands_for_its_scopes(issued, keys, clock):
    identity = keys.check(issued.key.reveal(), "203.0.113.9")
    assert identity == (f"key:{issued.record.id}", ("notes:read",), issued.record)
    assert keys.list_keys("ada")[0].used == clock.now


def test_unknown_ended_and_mistyped_keys_have_one_answer(issued, keys, clock):
    good = issued.key.reveal()
    other = ApiKeys(MemoryApiKeys(), POLICY, limits=MemoryLimits(), clock=clock).issue(
        "x", name="", scopes={"notes:read"}
    )
    wrong = [
        "",
        "notes_",
        good[:-1],
        good + "0",
        good[:-1] + ("0" if good[-1] != "0" else "1"),
        good.upper(),
        other.key.reveal(),
    ]
    clock.now += 90 * DAY
    answers = set()
    for key in [*wrong, good]:
        with pytest.raises(BearerRefusedError) as caught:
            keys.check(key, "")
        answers.add((caught.value.refusal.status, caught.value.refusal.code))
    assert len(answers) == 1


def test_a_mistyped_key_asks_no_store(issued, clock):
    class Broken(MemoryApiKeys):
        def find(self, digest):
            raise ConnectionError

    keys = ApiKeys(Broken(), POLICY, limits=MemoryLimits(), clock=clock)
    with pytest.raises(BearerRefusedError):
        keys.check(issued.key.reveal()[:-1] + "!", "")
    with pytest.raises(ConnectionError):
        keys.check(issued.key.reveal(), "")


def test_a_key_counts_from_its_networks_only(keys):
    issued = keys.issue("ada", name="", scopes={"notes:read"}, networks=["192.0.2.0/24", "2001:db8::1"])
    for address in ("192.0.2.9", "2001:db8::1", "::ffff:192.0.2.9"):
        assert keys.check(issued.key.reveal(), address).roles == ("notes:read",)
    for address in ("192.0.3.1", "2001:db8::2", "", "unix", "192.0.2.9 "):
        with pytest.raises(KeyForbiddenError) as caught:
            keys.check(issued.key.reveal(), address)
        assert caught.value.refusal.status == 403


def test_each_key_has_its_own_rate(issued, keys):
    other = keys.issue("ada", name="other", scopes={"notes:read"})
    for _ in range(5):
        keys.check(issued.key.reveal(), "")
    with pytest.raises(RateLimitedError):
        keys.check(issued.key.reveal(), "")
    assert keys.check(other.key.reveal(), "")


def test_a_rotation_overlaps(issued, keys, clock):
    fresh = keys.rotate(issued.record.id, "ada", overlap_seconds=60)
    assert fresh.record.scopes == issued.record.scopes
    for key in (issued, fresh):
        assert keys.check(key.key.reveal(), "")
    clock.now += 60
    with pytest.raises(BearerRefusedError):
        keys.check(issued.key.reveal(), "")
    assert keys.check(fresh.key.reveal(), "")
    for key_id, owner in ((fresh.record.id, "eve"), ("unknown", "ada"), (issued.record.id, "ada")):
        with pytest.raises(ConfigError, match="no such key"):
            keys.rotate(key_id, owner)


def test_only_the_owner_ends_a_key(issued, keys):
    assert not keys.end(issued.record.id, "eve")
    assert keys.end(issued.record.id, "ada")
    with pytest.raises(BearerRefusedError):
        keys.check(issued.key.reveal(), "")


@pytest.mark.parametrize(
    "wanted",
    [
        {"scopes": []},
        {"scopes": {"notes:delete"}},
        {"scopes": {"billing"}},
        {"scopes": {"*"}},
        {"scopes": {"notes:read"}, "unsafe_scopes": {"notes:write"}},
        {"scopes": {"notes:read"}, "days": 0},
        {"scopes": {"notes:read"}, "days": 367},
        {"scopes": {"notes:read"}, "networks": ["0.0.0.0/0"]},
        {"scopes": {"notes:read"}, "networks": ["home"]},
    ],
)
def test_a_key_is_never_too_mighty(keys, wanted):
    with pytest.raises(ConfigError):
        keys.issue("ada", name="", **wanted)
    assert keys.issue("ada", name="", scopes=[], unsafe_scopes={"billing"}).record.scopes == ("billing",)


@pytest.mark.parametrize(
    "policy", [{"prefix": "N"}, {"prefix": "n_t"}, {"scopes": frozenset({"*"})}, {"scopes": frozenset({"notes:*"})}]
)
def test_a_policy_is_checked(policy):
    with pytest.raises(ConfigError):
        KeyPolicy(**{"prefix": "notes", "scopes": frozenset({"notes:read"}), **policy})


def test_every_letter_is_as_likely(store, clock):
    asked = []

    def poor(count: int) -> bytes:
        """First bytes that would favour some letters, then good ones."""
        asked.append(count)
        return b"\xff" * count if len(asked) == 1 else bytes(range(count))

    keys = ApiKeys(store, POLICY, limits=MemoryLimits(), clock=clock, randomness=poor)
    assert keys.issue("ada", name="", scopes={"notes:read"}).record.id == "0123456789AB"
    assert asked == [12, 12, 43]


def test_an_app_lets_programs_in_by_their_keys(issued, keys):
    @requires("note.read")
    async def read(_):
        return JSONResponse({"actor": current_actor().id})

    @requires("note.write")
    async def write(_):
        return JSONResponse({})

    app = Starlette(routes=[Route("/read", read), Route("/write", write, methods=["POST"])])
    roles = {"notes:read": {"note.read"}, "notes:write": {"note.write"}}
    Guard(app, policy=GuardPolicy(bearer=BearerPolicy(verify=keys.verify), roles=roles))
    client = TestClient(app, client=("203.0.113.9", 1))
    head = {"authorization": f"Bearer {issued.key.reveal()}"}
    assert client.get("/read", headers=head).json() == {"actor": f"key:{issued.record.id}"}
    assert client.post("/write", headers=head).status_code == 403
    assert client.get("/read", headers={"authorization": "Bearer notes_wrong"}).status_code == 401
    assert client.get("/read").status_code == 401
    assert client.get(f"/read?api_key={issued.key.reveal()}").status_code == 401
