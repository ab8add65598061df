"""Secrets that production cannot do without, because users would lose something or workers would differ."""

from base64 import b64decode
from binascii import Error as NotBase64Error
from collections.abc import Mapping

from vallum.base.secret import Secret
from vallum.guard.configuration.profile import read_profile
from vallum.guard.configuration.settings import MaybeFromEnvironment
from vallum.guard.policy import Environment
from vallum.guard.secrets.secret_file import SecretProblemError


class NeededInProduction(MaybeFromEnvironment):
    """A secret that developers may leave out."""

    def load(self, environment: Mapping[str, str]) -> Secret[str] | None:
        """The value, judged. Raises `SecretProblemError`."""
        value = super().load(environment)
        if value is None and read_profile(environment) is Environment.PRODUCTION:
            raise SecretProblemError(f"is not set (nor {self.name}_FILE)", code="secret-absent")
        return value


class KeysInProduction(NeededInProduction):
    """Keys in base64, newest first, with commas between them; each of `size` bytes, if that is fixed."""

    def __init__(self, name: str, *, size: int = 0) -> None:
        super().__init__(name)
        self.size = size

    def load(self, environment: Mapping[str, str]) -> Secret[str] | None:
        """The text, judged. Raises `SecretProblemError`, without the text."""
        value = super().load(environment)
        try:
            keys = read_keys(value)
        except NotBase64Error:
            raise SecretProblemError("is not base64 without line breaks") from None
        if self.size and any(len(key) != self.size for key in keys):
            raise SecretProblemError(f"must hold keys of {self.size} bytes in base64")
        return value


def read_keys(text: Secret[str] | None) -> tuple[Secret[bytes], ...]:
    """The bytes of each key. Raises `binascii.Error`."""
    return tuple(Secret(b64decode(part, validate=True)) for part in text.reveal().split(",")) if text else ()
