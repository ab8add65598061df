"""The start-up check: in production every problem is named at once, each with its mending, and nothing starts."""

from collections.abc import Iterator
from typing import Final

from vallum.base.errors import ConfigError
from vallum.guard.http.origins import LOOPBACK, check_origin
from vallum.guard.policy import GuardPolicy

KEEPS: Final = ("debug-disabled",)

FEWEST_CHARACTERS: Final = 32
_KNOWN: Final = (
    "changeme",
    "change-me",
    "change_me",
    "secret",
    "your-secret",
    "your_secret",
    "default",
    "insecure",
    "password",
    "example",
    "keyboard cat",
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
)
_FEWEST_DIFFERENT: Final = 10


def check_startup(policy: GuardPolicy, *, debug: bool) -> None:
    """Raise one `ConfigError` that lists all problems of a production policy. `debug` is the app's own switch.

    Origins are checked in every environment; the values of secrets are never shown.
    """
    problems = list(_find_problems(policy, debug=debug)) if policy.is_production else []
    for origin in policy.origins:
        try:
            check_origin(origin, setting="origins")
        except ConfigError as error:
            problems.append(str(error))
    if problems:
        listed = "".join(f"\n  - {problem}" for problem in problems)
        raise ConfigError(f"the guard does not start, {len(problems)} to mend:{listed}", code="startup")


def _find_problems(policy: GuardPolicy, *, debug: bool) -> Iterator[str]:
    if debug:
        yield "debug is on: error pages would show source and settings. Build the app with debug=False."
    if not policy.origins:
        yield 'origins is empty. Name where the app is reached: VALLUM_ORIGINS="https://notes.example".'
    if any(origin.startswith("http://") or origin.partition("://")[2] in LOOPBACK for origin in policy.origins):
        yield "origins names a plain http origin or this machine. Use the https origin that users type."
    for host in policy.hosts:
        if "*" in host or host.startswith(".") or not host:
            yield f"hosts holds the wildcard {host!r}. Name each host."
    if not policy.secrets:
        yield "secrets is empty. Set VALLUM_SECRET; `openssl rand -base64 48` makes one."
    for place, secret in enumerate(policy.secrets, 1):
        if problem := _judge_secret(secret.reveal()):
            yield f"secret {place} {problem}. Make one with `openssl rand -base64 48`."
    if policy.store is None or not policy.store.shared:
        yield "sessions live in one process's memory. Set VALLUM_SESSIONS to a file, or store=SqliteSessions(...)."


def _judge_secret(value: str) -> str:
    if len(value) < FEWEST_CHARACTERS:
        return f"has {len(value)} characters, at least {FEWEST_CHARACTERS} are needed"
    if any(known in value.lower() for known in _KNOWN):
        return "is a known sample value"
    if len(set(value)) < _FEWEST_DIFFERENT:
        return "repeats a few characters"
    return ""
