"""The cookies of one session, kept as a browser keeps them (RFC 6265bis)."""

from collections.abc import Iterable
from copy import copy

from vallum.probe.read.cookie import SetCookie


class Jar:
    """Cookies by name and path; the app has one host, so the domain does not tell them apart."""

    def __init__(self, *, secure: bool) -> None:
        """Say whether the connection is one that `Secure` cookies may travel on."""
        self._secure = secure
        self._cookies: dict[tuple[str, str], str] = {}

    def take(self, cookies: Iterable[SetCookie], target: str = "/") -> None:
        """Store what an answer sets, and drop what it deletes."""
        for cookie in cookies:
            key = (cookie.name, cookie.path if cookie.path.startswith("/") else _default_path(target))
            if cookie.deletes:
                self._cookies.pop(key, None)
            elif self._secure or not cookie.secure:
                self._cookies[key] = cookie.value.reveal()

    def plant(self, name: str, value: str) -> None:
        """Put in a cookie as an attacker would who can write into the browser."""
        for key in [key for key in self._cookies if key[0] == name]:
            del self._cookies[key]
        self._cookies[name, "/"] = value

    def header(self, target: str) -> str:
        """The Cookie header for a target; empty when nothing matches."""
        path = target.partition("?")[0]
        fitting = [(key, value) for key, value in self._cookies.items() if _covers(key[1], path)]
        fitting.sort(key=lambda entry: -len(entry[0][1]))
        return "; ".join(f"{key[0]}={value}" for key, value in fitting)

    def get(self, *names: str) -> str:
        """The value of the first cookie with one of these names, in any letter case; empty when there is none."""
        wanted = {name.lower() for name in names}
        return next((value for (name, _), value in self._cookies.items() if name.lower() in wanted), "")

    def copy(self) -> "Jar":
        """The jar as it is now."""
        twin = copy(self)
        twin._cookies = dict(self._cookies)  # noqa: SLF001 - its own class
        return twin


def _default_path(target: str) -> str:
    head = target.partition("?")[0].rpartition("/")[0]
    return head or "/"


def _covers(cookie_path: str, path: str) -> bool:
    return path == cookie_path or path.startswith(cookie_path.rstrip("/") + "/")
