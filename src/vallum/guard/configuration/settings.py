"""An application's settings: typed values and secrets, from the environment and secret files, judged at the start.

    class NotesSettings(AppSettings):
        database = DatabaseUrl("DATABASE_URL", development="sqlite:///notes.sqlite3")
        mail_password = FromEnvironment("MAIL_PASSWORD", min_length=16)
        debug = DebugSetting("NOTES_DEBUG")
        page_size = NumberSetting("NOTES_PAGE_SIZE", least=1, most=100, default=20)
        guard = GuardSetting()

    SETTINGS = NotesSettings()            # or one StartupError that lists every problem with its fix
    Guard(app, policy=SETTINGS.guard)

`VALLUM_ENV` names the environment: development, test or production; unset means production. A value cannot be written
into the class, set on an instance or given to its constructor. Source: ASVS 13.4.2, 15.2.3; Twelve-Factor App III.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Final

from vallum.base.errors import ConfigError
from vallum.guard.configuration.database import DatabaseUrl
from vallum.guard.configuration.problem import Problem, StartupError
from vallum.guard.configuration.profile import VARIABLE, judge_profile, read_profile
from vallum.guard.configuration.startup import find_problems
from vallum.guard.configuration.values import (
    ChoiceSetting,
    DebugSetting,
    FlagSetting,
    HostsSetting,
    NumberSetting,
    OriginsSetting,
    PathSetting,
    ProblemsError,
    Setting,
    TextSetting,
    UrlSetting,
)
from vallum.guard.configuration.weakenings import PREFIX, refuse_unrecorded
from vallum.guard.policy import Environment, GuardPolicy, read_environment
from vallum.guard.secrets.settings import FromEnvironment, KeyFromEnvironment, MaybeFromEnvironment, SecretSettings

KEEPS: Final = ("environment-config", "fail-securely-startup", "secrets-from-environment")
__all__ = [
    "AppSettings",
    "ChoiceSetting",
    "DatabaseUrl",
    "DebugSetting",
    "FlagSetting",
    "FromEnvironment",
    "GuardSetting",
    "HostsSetting",
    "KeyFromEnvironment",
    "MaybeFromEnvironment",
    "NumberSetting",
    "OriginsSetting",
    "PathSetting",
    "TextSetting",
    "UrlSetting",
]
_FIXES: Final = {
    "secret-absent": "Set it; `openssl rand -base64 48` makes a key.",
    "secret-weak": "`openssl rand -base64 48` makes a key, `openssl rand -hex 32` one of 32 bytes.",
    "secret-file": "Mount a file of mode 0400 that this user owns.",
    "secret-twice": "Unset one of the two.",
    "database-unverified": "For PostgreSQL: ?sslmode=verify-full&sslrootcert=/path/of/the/ca.pem.",
}


class GuardSetting(Setting[GuardPolicy]):
    """The policy of the guard from its own variables (`VALLUM_ORIGINS`, `VALLUM_SECRET`, ...), judged with the rest.

    `fields` are what the environment does not say, such as `roles` and `paths`.
    """

    def __init__(self, **fields: Any) -> None:
        """Keep the fields of `GuardPolicy` that the code decides."""
        super().__init__("VALLUM_ORIGINS")
        self.fields = fields

    def load(self, given: Mapping[str, str], environment: Environment) -> GuardPolicy:
        """Build the policy. Raises `ProblemsError`."""
        try:
            read = read_environment({**given, VARIABLE: environment.value})
        except ConfigError as error:
            raise ProblemsError(Problem(code=error.code, what=error.message, fix=error.hint)) from None
        policy = replace(read, **self.fields)
        problems = find_problems(policy, debug=False) if policy.is_production else []
        if problems:
            raise ProblemsError(*problems)
        return policy


class AppSettings(SecretSettings):
    """Subclass it with one source or setting for each value; an instance is read once and does not change.

    `accepted_risks` says why a source has an `unsafe_` flag, by its dotted name, like "database.unsafe_unverified";
    production refuses those without a reason. Raises `StartupError` with every problem, its fix and its code; no value
    of a secret is shown.
    """

    settings: ClassVar[Mapping[str, Setting[Any]]] = {}
    accepted_risks: ClassVar[Mapping[str, str]] = {}
    environment: Environment
    _loaded: Mapping[str, Any]

    def __init_subclass__(cls) -> None:
        """Find the settings of the class."""
        super().__init_subclass__()
        found = {name: value for name, value in vars(cls).items() if isinstance(value, Setting)}
        cls.settings = {**cls.settings, **found}

    def __init__(self, *, environment: Mapping[str, str] | None = None) -> None:
        """Read and judge everything; `environment` takes the place of the process's own variables."""
        given = os.environ if environment is None else environment
        secrets, _ = self.load_secrets(given)
        values, problems = self._load_all(given)
        if problems:
            raise StartupError(type(self).__name__, problems)
        object.__setattr__(self, "_values", secrets)
        object.__setattr__(self, "_loaded", values)
        object.__setattr__(self, "environment", read_profile(given))

    @property
    def is_production(self) -> bool:
        """Whether users depend on it."""
        return self.environment is Environment.PRODUCTION

    @classmethod
    def find_problems(cls, given: Mapping[str, str]) -> list[Problem]:
        """What would keep these settings from a start with the variables `given`; they name the environment too."""
        return cls._load_all(given)[1]

    def look_up(self, attribute: str) -> Any:
        """The value of one setting."""
        return self._loaded[attribute]

    def describe(self) -> dict[str, str]:
        """Every setting as text, for a log at the start; of secrets only whether they are set."""
        told = {"environment": self.environment.value}
        told |= {name: _tell(value) for name, value in self._loaded.items()}
        return told | {name: "not set" if value is None else "set" for name, value in self._values.items()}

    def __repr__(self) -> str:
        """The names only."""
        return f"{type(self).__name__}({', '.join([*self.settings, *self.sources])})"

    @classmethod
    def _load_all(cls, given: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
        environment = read_profile(given)
        values: dict[str, Any] = {}
        problems = [*judge_profile(given), *cls._judge_secrets(given)]
        if environment is Environment.PRODUCTION:
            problems.extend(cls._judge_flags())
        for name, setting in cls.settings.items():
            try:
                values[name] = setting.load(given, environment)
            except ProblemsError as error:
                problems.extend(error.problems)
        if problems and not given.get(VARIABLE):
            problems.append(_forgotten())
        return values, problems

    @classmethod
    def _judge_secrets(cls, given: Mapping[str, str]) -> Iterator[Problem]:
        for name, problem in cls.load_secrets(given)[1]:
            fix = _FIXES.get(problem.code, "See the documentation of the secret.")
            yield Problem(code=problem.code, what=f"{name} {problem}.", fix=fix)

    @classmethod
    def _judge_flags(cls) -> Iterator[Problem]:
        for attribute, source in cls.sources.items():
            for flag in (flag for flag, value in vars(source).items() if flag.startswith(PREFIX) and value):
                name = f"{attribute}.{flag}"
                if not cls.accepted_risks.get(name, "").strip():
                    yield refuse_unrecorded(name)


def _tell(value: object) -> str:
    if isinstance(value, GuardPolicy):
        return f"{len(value.origins)} origins, {len(value.secrets)} secrets"
    return " ".join(value) if isinstance(value, tuple) else str(getattr(value, "value", value))


def _forgotten() -> Problem:
    return Problem(
        code="environment-unset",
        what=f"{VARIABLE} is not set, which counts as production.",
        fix=f"On a developer's machine: {VARIABLE}=development.",
    )
