"""The cookie that holds a browser's refresh token: no script reads it, and it goes to the refresh path only."""

import re
from dataclasses import dataclass
from typing import Final

from vallum.base.errors import ConfigError

_PATH: Final = re.compile(r"/[A-Za-z0-9._~/-]+")
_VALUE: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshCookie:
    """HttpOnly, Secure, SameSite=Strict, limited to `path`, which must not be `/`.

    `unsafe_plain_http` leaves out Secure and its name for a developer's machine. Raises `ConfigError` for other paths.
    """

    path: str = "/token/refresh"
    unsafe_plain_http: bool = False

    def __post_init__(self) -> None:
        """Check the path."""
        if not _PATH.fullmatch(self.path):
            raise ConfigError(
                "the path of a refresh cookie begins with / and names the refresh route.", code="refresh-cookie"
            )

    @property
    def name(self) -> str:
        """The cookie's name. `__Host-` would ask for `Path=/`, which sends the token along with every request."""
        return "refresh" if self.unsafe_plain_http else "__Secure-refresh"

    def set(self, refresh: str, seconds: float) -> str:
        """Return the value of `Set-Cookie` that keeps `refresh` for `seconds`."""
        if not _VALUE.fullmatch(refresh):
            raise ConfigError("a refresh token is base64url.", code="refresh-cookie")
        return self._write(refresh, int(seconds))

    def clear(self) -> str:
        """Return the value of `Set-Cookie` that removes it."""
        return self._write("", 0)

    def _write(self, value: str, seconds: int) -> str:
        secure = "" if self.unsafe_plain_http else "; Secure"
        return f"{self.name}={value}; Path={self.path}; Max-Age={seconds}; HttpOnly{secure}; SameSite=Strict"
