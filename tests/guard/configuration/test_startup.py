"""What a production guard refuses to start with, and what the environment says."""

from pathlib import Path
from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.configuration.startup import check_startup
from vallum.guard.entry import Guard
from vallum.guard.http.rate_policy import RateLimitPolicy
from vallum.guard.policy import Environment, GuardPolicy, read_environment
from vallum.stores.limits_memory import MemoryLimits
from vallum.stores.memory import MemorySessions
from vallum.stores.sqlite import SqliteSessions

GOOD = "kD93jf0Qm2LxWv7TzR5bNc8YpHs1GaUe"


class Shared(MemorySessions):
    shared = True  # type: ignore[misc]  # a store of several workers, as far as the check can see


class SharedLimits(MemoryLimits):
    shared = True  # type: ignore[misc]  # as above


def production(**settings: Any) -> GuardPolicy:
    base: dict[str, Any] = {
        "environment": Environment.PRODUCTION,
        "origins": ("https://notes.test",),
        "secrets": (Secret(GOOD),),
        "store": Shared(),
        "rate_limits": RateLimitPolicy(store=SharedLimits()),
    }
    return GuardPolicy(**base | settings)


def test_a_sound_policy_starts() -> None:
    check_startup(production(), debug=False)
    check_startup(production(secrets=(Secret(GOOD), Secret(GOOD[::-1])), hosts=("10.0.0.5",)), debug=False)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"origins": ()}, "origins is empty"),
        ({"origins": ("http://notes.test",)}, "plain http"),
        ({"origins": ("https://localhost",)}, "this machine"),
        ({"origins": ("https://*.notes.test",)}, "not an exact origin"),
        ({"origins": ("*",)}, "not an exact origin"),
        ({"hosts": ("*",)}, "wildcard '*'"),
        ({"hosts": (".notes.test",)}, "wildcard '.notes.test'"),
        ({"secrets": ()}, "secrets is empty"),
        ({"secrets": (Secret("short"),)}, "secret 1 has 5 characters"),
        ({"secrets": (Secret(GOOD), Secret("changeme" * 8))}, "secret 2 is a sample value that everybody knows"),
        ({"secrets": (Secret("ab" * 20),)}, "repeats a few characters"),
        ({"secrets": (Secret("abcdefghi" * 5),)}, "repeats a few characters"),
        ({"secrets": (Secret(f"{GOOD}-secret"),)}, "is a known sample value"),
        ({"store": None}, "memory"),
        ({"store": MemorySessions()}, "memory"),
        ({"rate_limits": None}, "rate limits are counted in one process's memory"),
        ({"rate_limits": RateLimitPolicy(store=MemoryLimits())}, "VALLUM_LIMITS"),
        ({"rate_limits": RateLimitPolicy(unsafe_per_process=True)}, "rate_limits.unsafe_per_process"),
    ],
)
def test_what_production_refuses(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_startup(production(**settings), debug=False)
    assert said in str(caught.value)
    assert "changeme" not in str(caught.value)


def test_all_problems_are_named_at_once_with_their_mending() -> None:
    with pytest.raises(ConfigError) as caught:
        Guard(lambda: None, policy=GuardPolicy(environment=Environment.PRODUCTION))
    lines = str(caught.value).splitlines()
    assert lines[0] == "the guard does not start, 3 to mend:"
    assert len(lines) == 4


def test_debug_is_refused_in_production_only() -> None:
    with pytest.raises(ConfigError, match="debug is on"):
        check_startup(production(), debug=True)
    check_startup(GuardPolicy(), debug=True)


def test_an_inexact_origin_is_refused_everywhere() -> None:
    with pytest.raises(ConfigError, match="not an exact origin"):
        check_startup(GuardPolicy(origins=("notes.test",)), debug=False)


@pytest.mark.parametrize("name", ["origins", "hosts", "proxies", "csrf_exempt", "secrets"])
def test_a_string_is_no_tuple(name: str) -> None:
    with pytest.raises(ConfigError, match="must be a tuple"):
        GuardPolicy(**{name: Secret("x") if name == "secrets" else "notes.test"})


def test_an_empty_environment_is_a_laptop() -> None:
    policy = read_environment({})
    assert policy.environment is Environment.DEVELOPMENT
    assert not policy.is_production
    assert policy.store is None


def test_the_environment_of_a_deployment(tmp_path: Path) -> None:
    policy = read_environment(
        {
            "VALLUM_ENV": "production",
            "VALLUM_ORIGINS": "https://notes.test https://www.notes.test",
            "VALLUM_SECRET": f"{GOOD} {GOOD[::-1]}",
            "VALLUM_SESSIONS": str(tmp_path / "sessions"),
            "VALLUM_PROXIES": "10.0.0.5",
        }
    )
    check_startup(policy, debug=False)
    assert policy.is_production
    assert policy.origins == ("https://notes.test", "https://www.notes.test")
    assert [secret.reveal() for secret in policy.secrets] == [GOOD, GOOD[::-1]]
    assert policy.proxies == ("10.0.0.5",)
    assert GOOD not in repr(policy)
    assert isinstance(policy.store, SqliteSessions)
    policy.store.close()


@pytest.mark.parametrize("name", ["prod", "PRODUCTION", "", "staging"])
def test_an_unknown_environment_does_not_start(name: str) -> None:
    with pytest.raises(ConfigError, match="VALLUM_ENV"):
        read_environment({"VALLUM_ENV": name})


def test_the_guard_reads_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VALLUM_ENV", "production")
    with pytest.raises(ConfigError, match="secrets is empty"):
        Guard(lambda: None)
