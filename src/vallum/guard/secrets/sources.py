"""Where a secret comes from. A source is a class attribute of `SecretSettings`; a new kind is a new subclass."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Generic, Self, TypeVar, cast, overload

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.secrets.judgement import judge_value
from vallum.guard.secrets.secret_file import SecretProblemError, read_file

LEAST_LENGTH: Final = 32
Value = TypeVar("Value", bound=Secret[str] | None)


class SecretSource(ABC, Generic[Value]):
    """One secret: its name, and how its value is judged. Subclasses say where it is looked up."""

    required: ClassVar[bool] = True

    def __init__(self, name: str, *, min_length: int = LEAST_LENGTH) -> None:
        """Name the place. Nothing is read yet. Raises `ConfigError` for a name that no variable can have."""
        if not name.isidentifier() or min_length < 1:
            raise ConfigError(f"{name!r} cannot be the name of a secret, or its length is below 1.", code="secret-name")
        self.name = name
        self.min_length = min_length
        self._attribute = name

    def __set_name__(self, owner: type, attribute: str) -> None:
        """Remember under which attribute the value will stand."""
        self._attribute = attribute

    @overload
    def __get__(self, settings: None, owner: type) -> Self: ...

    @overload
    def __get__(self, settings: object, owner: type) -> Value: ...

    def __get__(self, settings: Any, owner: type) -> Self | Value:
        """The secret of an instance; the source itself on the class."""
        return self if settings is None else cast("Value", settings.read(self._attribute))

    def __set__(self, settings: object, value: object) -> None:
        """Refuse: a secret comes from its source only."""
        raise ConfigError(f"the secret {self.name} cannot be set in code.", code="secret-literal")

    def load(self, environment: Mapping[str, str]) -> Secret[str] | None:
        """Return the value, or None when it is absent and not required. Raises `SecretProblemError`."""
        value = self.find(environment)
        if value is None:
            if self.required:
                raise SecretProblemError(f"is not set (nor {self.name}_FILE)", code="secret-absent")
            return None
        problem = judge_value(value, min_length=self.min_length)
        if problem:
            raise SecretProblemError(problem)
        return Secret(value)

    @abstractmethod
    def find(self, environment: Mapping[str, str]) -> str | None:
        """Return the value as it stands at the source, or None."""


class _Environment(SecretSource[Value]):
    """Looks into the variable, then into the file that the variable with `_FILE` names."""

    def __init__(self, name: str, *, min_length: int = LEAST_LENGTH, unsafe_readable_file: bool = False) -> None:
        """Name the variable; `unsafe_readable_file` is for platforms that mount secrets readable by others."""
        super().__init__(name, min_length=min_length)
        self.unsafe_readable_file = unsafe_readable_file

    def find(self, environment: Mapping[str, str]) -> str | None:
        """Return the value; both places at once are refused, because one of them is out of date."""
        value, path = environment.get(self.name), environment.get(f"{self.name}_FILE")
        if path is None:
            return value
        if value is not None:
            raise SecretProblemError(f"is set, and {self.name}_FILE too; keep one", code="secret-twice")
        return read_file(path, unsafe_readable=self.unsafe_readable_file)


class FromEnvironment(_Environment[Secret[str]]):
    """A secret in the environment variable `name`, or in the file that the variable `name` + `_FILE` points to.

    The file must belong to root or to this user and be readable by nobody else: mode 0600 or 0400.
    """


class MaybeFromEnvironment(_Environment[Secret[str] | None]):
    """The same, for a secret that may be absent: then it is None."""

    required: ClassVar[bool] = False


class KeyFromEnvironment(FromEnvironment):
    """A key of `size` bytes as hexadecimal digits: 64 of them for AES-256 (`openssl rand -hex 32`).

    `bytes.fromhex(SETTINGS.data_key.reveal())` is the key.
    """

    def __init__(self, name: str, *, size: int = 32, unsafe_readable_file: bool = False) -> None:
        """Name the variable and the number of bytes."""
        super().__init__(name, min_length=2 * size, unsafe_readable_file=unsafe_readable_file)
        self.size = size

    def load(self, environment: Mapping[str, str]) -> Secret[str] | None:
        """Return the digits. Raises `SecretProblemError` unless there are exactly as many as the key has."""
        value = super().load(environment)
        if value is not None and not re.fullmatch(rf"[0-9a-fA-F]{{{2 * self.size}}}", value.reveal()):
            raise SecretProblemError(f"is not {self.size} bytes as {2 * self.size} hexadecimal digits")
        return value
