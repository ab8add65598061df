"""The start-up check: in production every problem is named at once, each with its mending, and nothing starts."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from vallum.base.errors import ConfigError
from vallum.guard.configuration.problem import Problem, StartupError
from vallum.guard.http.origins import LOOPBACK, check_origin
from vallum.guard.policy import Environment, GuardPolicy

KEEPS: Final = ("debug-disabled", "fail-securely-startup")

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
)
_FEWEST_DIFFERENT: Final = 10
_LOG: Final = "vallum.startup"


def check_startup(policy: GuardPolicy, *, debug: bool) -> None:
    """Raise one `StartupError` that lists all problems of a production policy. `debug` is the app's own switch.

    Origins are checked in every environment; the values of secrets are never shown. In development and tests the log
    `vallum.startup` says at INFO which codes production would refuse.
    """
    problems = find_problems(policy, debug=debug) if policy.is_production else list(_judge_origins(policy.origins))
    if problems:
        raise StartupError("the guard", problems)
    if not policy.is_production:
        _foretell(policy, debug=debug)


def _foretell(policy: GuardPolicy, *, debug: bool) -> None:
    """Say at INFO what production would refuse, if anybody listens."""
    import logging  # noqa: PLC0415 - with the first guard that is built, so that importing it stays light

    log = logging.getLogger(_LOG)
    if log.isEnabledFor(logging.INFO) and (later := find_problems(replace(policy, startup_checks=()), debug=debug)):
        log.info("production would refuse: %s", ", ".join(problem.code for problem in later))


def find_problems(policy: GuardPolicy, *, debug: bool) -> list[Problem]:
    """Everything for which production would not start with `policy`, whatever environment it names."""
    from vallum.guard.configuration.debugging import find_debugging  # noqa: PLC0415 - needed in production only
    from vallum.guard.configuration.weakenings import find_weakenings  # noqa: PLC0415 - needed in production only
    from vallum.guard.configuration.workers import count_workers  # noqa: PLC0415 - needed in production only

    asked = replace(policy, environment=Environment.PRODUCTION, unsafe_without=frozenset())  # a switch of tests
    return [
        *_judge_switches(asked, debug=debug),
        *find_debugging(),
        *_judge_origins(asked.origins),
        *_judge_secrets(asked),
        *_judge_store(asked, count_workers()),
        *_judge_limits(asked, count_workers()),
        *find_weakenings(asked),
        *(problem for check in asked.startup_checks for problem in _run_check(check)),
    ]


def _run_check(check: Callable[[], Iterable[Problem]]) -> list[Problem]:
    try:
        return list(check())
    except Exception as error:  # noqa: BLE001 - what cannot be checked does not start
        what = f"{type(check).__name__} could not be carried out: {type(error).__name__}."
        return [Problem(code="startup-check-failed", what=what, fix="Let it reach what it looks at.")]


def judge_key(value: str) -> str:
    """What is wrong with the value of a signing secret, in words that do not show it; empty when nothing is."""
    from vallum.guard.secrets.judgement import judge_value  # noqa: PLC0415 - needed in production only

    problem = judge_value(value, min_length=FEWEST_CHARACTERS)
    if not problem and any(known in value.lower() for known in _KNOWN):
        return "is a known sample value"
    if not problem and len(set(value)) < _FEWEST_DIFFERENT:
        return "repeats a few characters"
    return problem


def _judge_switches(policy: GuardPolicy, *, debug: bool) -> Iterator[Problem]:
    if debug:
        yield Problem(
            code="debug-on",
            what="debug is on: error pages would show source and settings.",
            fix="Build the app with debug=False.",
        )
    if not policy.origins:
        yield Problem(
            code="origins-empty",
            what="origins is empty.",
            fix='Name where the app is reached: VALLUM_ORIGINS="https://notes.example".',
        )
    if any(origin.startswith("http://") or origin.partition("://")[2] in LOOPBACK for origin in policy.origins):
        yield Problem(
            code="origin-not-public",
            what="origins names a plain http origin or this machine.",
            fix="Use the https origin that users type.",
        )
    for host in policy.hosts:
        if "*" in host or host.startswith(".") or not host:
            yield Problem(code="host-wildcard", what=f"hosts holds the wildcard {host!r}.", fix="Name each host.")


def _judge_origins(origins: Iterable[str]) -> Iterator[Problem]:
    for origin in origins:
        try:
            check_origin(origin, setting="origins")
        except ConfigError as error:
            yield Problem(code=error.code, what=error.message, fix=error.hint)


def _judge_secrets(policy: GuardPolicy) -> Iterator[Problem]:
    if not policy.secrets:
        yield Problem(
            code="secret-absent",
            what="secrets is empty.",
            fix="Set VALLUM_SECRET, or VALLUM_SECRET_FILE; `openssl rand -base64 48` makes one.",
        )
    for place, secret in enumerate(policy.secrets, 1):
        if problem := judge_key(secret.reveal()):
            yield Problem(
                code="secret-weak", what=f"secret {place} {problem}.", fix="Make one with `openssl rand -base64 48`."
            )


def _judge_store(policy: GuardPolicy, workers: int) -> Iterator[Problem]:
    if policy.store is not None and policy.store.shared:
        return
    yield Problem(
        code="store-not-shared",
        what=f"sessions live in {_in_memory(workers)}: a restart ends them, another worker cannot see them.",
        fix="Set VALLUM_SESSIONS to a file, or store=SqliteSessions(...).",
    )


def _judge_limits(policy: GuardPolicy, workers: int) -> Iterator[Problem]:
    limits, sessions = policy.limits_of_all, policy.store
    if limits.store is None:
        # They are counted where the sessions are; if those are not shared, that is the problem to mend.
        is_shared = sessions is None or not sessions.shared or hasattr(sessions, "open_limits")
    else:
        is_shared = limits.store.shared
    if not is_shared and not limits.unsafe_per_process:
        yield Problem(
            code="limits-not-shared",
            what=f"rate limits are counted in {_in_memory(workers)}: every worker allows the whole number.",
            fix="Set VALLUM_LIMITS to a file or a valkey:// URL, or rate_limits=RateLimitPolicy(store=...).",
        )


def _in_memory(workers: int) -> str:
    return "one process's memory" + (f" of {workers} worker processes" if workers > 1 else "")
