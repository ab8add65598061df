"""Typed values of an application's settings, each read from one variable. A new kind is a new subclass."""

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final, Generic, NoReturn, Self, TypeVar, cast, overload
from urllib.parse import urlsplit

from vallum.base.errors import ConfigError
from vallum.guard.configuration.problem import Problem
from vallum.guard.http.origins import LOOPBACK, check_origin
from vallum.guard.policy import Environment

Value = TypeVar("Value")
Option = TypeVar("Option", bound=Enum)
_SECRET_NAME: Final = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|SECRET|TOKEN|KEY|CREDENTIALS?|PASSPHRASE)S?$", re.IGNORECASE
)
_TRUTHS: Final = {"true": True, "1": True, "false": False, "0": False}


class _Absent(Enum):
    ABSENT = "no default"


ABSENT: Final = _Absent.ABSENT


class ProblemsError(Exception):
    """What is wrong with one setting; collected and told together with the others."""

    def __init__(self, *problems: Problem) -> None:
        """Keep them."""
        super().__init__(*problems)
        self.problems = problems


class Setting(Generic[Value]):
    """One value: its variable, how its text is read, and what production does not accept.

    `default` counts in every environment, `development` in development and tests only; with neither the variable is
    required. An empty variable counts as one that is not set. The value is judged in production even when it is a
    default.
    """

    expected = "a value"

    def __init__(self, name: str, *, default: Value | _Absent = ABSENT, development: Value | _Absent = ABSENT) -> None:
        """Name the variable. Raises `ConfigError` for one that is called like a secret: settings show their value."""
        if not name.isidentifier():
            raise ConfigError(f"{name!r} cannot be the name of a variable.", code="setting-name")
        if _SECRET_NAME.search(name):
            raise ConfigError(
                f"{name} is called like a secret.", hint=f'Write FromEnvironment("{name}").', code="setting-name"
            )
        self.name = name
        self.default = default
        self.development = development
        self._attribute = name

    def __set_name__(self, owner: type, attribute: str) -> None:
        """Remember under which attribute the value will stand."""
        self._attribute = attribute

    @overload
    def __get__(self, settings: None, owner: type) -> Self: ...

    @overload
    def __get__(self, settings: object, owner: type) -> Value: ...

    def __get__(self, settings: Any, owner: type) -> Self | Value:
        """The value of an instance; the setting itself on the class."""
        return self if settings is None else cast("Value", settings.look_up(self._attribute))

    def __set__(self, settings: object, value: object) -> NoReturn:
        """Refuse: settings are read once."""
        raise ConfigError(f"the setting {self.name} cannot be set in code.", code="setting-frozen")

    def load(self, given: Mapping[str, str], environment: Environment) -> Value:
        """Read and judge the value. Raises `ProblemsError`."""
        text = given.get(self.name, "")
        value = self._parse(text) if text else self._fall_back(environment)
        if environment is Environment.PRODUCTION:
            problems = tuple(self.judge(value))
            if problems:
                raise ProblemsError(*problems)
        return value

    def parse(self, text: str) -> Value:
        """Read the text. Raises `ValueError`, or `ConfigError` when there is more to say."""
        raise NotImplementedError

    def judge(self, value: Value) -> Iterator[Problem]:  # noqa: ARG002 - what most kinds do not need
        """What production does not accept."""
        yield from ()

    def problem(self, code: str, what: str, fix: str) -> Problem:
        """A problem with this setting."""
        return Problem(code=code, what=f"{self.name} {what}.", fix=fix)

    def _parse(self, text: str) -> Value:
        try:
            return self.parse(text)
        except ConfigError as error:
            raise ProblemsError(Problem(code=error.code, what=error.message, fix=error.hint)) from None
        except ValueError:
            wrong = self.problem("setting-value", "cannot be read", f"It must be {self.expected}.")
            raise ProblemsError(wrong) from None

    def _fall_back(self, environment: Environment) -> Value:
        if environment is not Environment.PRODUCTION and not isinstance(self.development, _Absent):
            return self.development
        if isinstance(self.default, _Absent):
            raise ProblemsError(self.problem("setting-absent", "is not set", f"Set it to {self.expected}."))
        return self.default


class TextSetting(Setting[str]):
    """A text without line breaks and other control characters."""

    expected = "text in one line"

    def parse(self, text: str) -> str:
        """The text as it stands."""
        if not text.isprintable():
            raise ValueError(self.expected)
        return text


class NumberSetting(Setting[int]):
    """A whole number from `least` to `most`, in decimal digits."""

    def __init__(
        self,
        name: str,
        *,
        least: int = 0,
        most: int = 2**31 - 1,
        default: int | _Absent = ABSENT,
        development: int | _Absent = ABSENT,
    ) -> None:
        """Name the variable and the bounds."""
        super().__init__(name, default=default, development=development)
        self.least, self.most = least, most
        self.expected = f"a whole number from {least} to {most}"

    def parse(self, text: str) -> int:
        """Read the digits: no blanks, underscores or other scripts' digits."""
        if not re.fullmatch(r"-?[0-9]{1,18}", text) or not self.least <= int(text) <= self.most:
            raise ValueError(self.expected)
        return int(text)


class FlagSetting(Setting[bool]):
    """`true` or `false`, or 1 or 0; anything else is refused, since `DEBUG=off` must not mean on."""

    expected = "true or false"

    def parse(self, text: str) -> bool:
        """Read it."""
        if text.lower() not in _TRUTHS:
            raise ValueError(self.expected)
        return _TRUTHS[text.lower()]


class DebugSetting(FlagSetting):
    """A debug switch: off unless the variable says otherwise, and never on in production."""

    def __init__(self, name: str) -> None:
        """Name the variable."""
        super().__init__(name, default=False)

    def judge(self, value: bool) -> Iterator[Problem]:
        """Refuse debug."""
        if value:
            yield self.problem("debug-on", "is on: error pages would show source and settings", "Unset it.")


class ChoiceSetting(Setting[Option]):
    """One member of an enumeration, by its value."""

    def __init__(
        self,
        name: str,
        options: type[Option],
        *,
        default: Option | _Absent = ABSENT,
        development: Option | _Absent = ABSENT,
    ) -> None:
        """Name the variable and the enumeration, whose values are texts."""
        super().__init__(name, default=default, development=development)
        self.options = {str(option.value): option for option in options}
        self.expected = f"one of {', '.join(self.options)}"

    def parse(self, text: str) -> Option:
        """Find the member."""
        if text not in self.options:
            raise ValueError(self.expected)
        return self.options[text]


class PathSetting(Setting[Path]):
    """An absolute path: a relative one depends on where the process was started."""

    expected = "an absolute path"

    def parse(self, text: str) -> Path:
        """Read it."""
        path = Path(text)
        if not text.isprintable() or not path.is_absolute() or ".." in path.parts:
            raise ValueError(self.expected)
        return path


class UrlSetting(Setting[str]):
    """The http(s) URL of another service; in production https, except on this machine. It may hold no password."""

    expected = "a URL that begins with https:// and holds no user name or password"

    def parse(self, text: str) -> str:
        """Read it."""
        parts = urlsplit(text)
        if not text.isascii() or not text.isprintable() or " " in text or parts.scheme not in {"http", "https"}:
            raise ValueError(self.expected)
        if not parts.hostname or "@" in parts.netloc or (parts.port or 1) < 1:
            raise ValueError(self.expected)
        return text

    def judge(self, value: str) -> Iterator[Problem]:
        """Refuse plain http to other machines."""
        parts = urlsplit(value)
        host = parts.hostname or ""
        if parts.scheme == "http" and host not in LOOPBACK | {"::1"}:
            yield self.problem("url-plain-http", "is plain http", "Use https.")


class OriginsSetting(Setting[tuple[str, ...]]):
    """Exact origins with spaces between them, like "https://notes.example"; in production no plain http."""

    expected = 'exact origins with spaces between them, like "https://notes.example"'

    def parse(self, text: str) -> tuple[str, ...]:
        """Read the list."""
        return tuple(check_origin(origin, setting=self.name) for origin in text.split())

    def judge(self, value: tuple[str, ...]) -> Iterator[Problem]:
        """Refuse origins of this machine; the only http ones that can be read are of this machine too."""
        for origin in value:
            if re.sub(r":\d+$", "", origin.partition("://")[2]) in LOOPBACK:
                yield self.problem("origin-not-public", f"names {origin}", "Use the https origin that users type.")


class HostsSetting(Setting[tuple[str, ...]]):
    """Host names with spaces between them, each exact: a wildcard is refused everywhere."""

    expected = "exact host names in lower case with spaces between them, without a wildcard"

    def parse(self, text: str) -> tuple[str, ...]:
        """Read the list."""
        hosts = tuple(text.split())
        for host in hosts:
            if "*" in host or host.startswith("."):
                fix = f"It must be {self.expected}."
                raise ConfigError(f"{self.name} holds the wildcard {host!r}.", hint=fix, code="host-wildcard")
            if not re.fullmatch(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d{1,5})?|\[[0-9a-f:]+\](?::\d{1,5})?", host):
                raise ValueError(self.expected)
        return hosts
