"""Redirect only to a local path or to an https host of your list (CWE-601, ASVS 15.3.2).

    REDIRECTS = Redirects(fallback="/notes", hosts=["help.example.org"])
    return RedirectResponse(REDIRECTS.resolve(request.query_params.get("next")))

The target is read by a grammar much narrower than a browser's and written anew from its parts. What the grammar does
not know (a backslash, a tab, a user name, a dot segment, an encoded slash in the path, an IP address) goes to the
fallback, so it does not matter how forgiving the browser is (WHATWG URL Standard, section 4.4).
"""

import re
from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from typing import Final
from urllib.parse import quote

from vallum.base.errors import ConfigError

KEEPS: Final = ("safe-redirect",)
LONGEST: Final = 2048

_SEGMENT: Final = (
    r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|[^\x00-\xa0\ud800-\udfff]|%(?!2[fF]|5[cC]|[01][0-9A-Fa-f]|7[fF])[0-9A-Fa-f]{2})"
)
_REST: Final = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?\[\]{}|^]|[^\x00-\xa0\ud800-\udfff]|%[0-9A-Fa-f]{2})"
_TARGET: Final = re.compile(
    r"(?:(?i:https)://(?P<host>[A-Za-z0-9.\-]{1,253}(?::\d{1,5})?)(?=[/?#]|$))?"
    rf"(?P<path>(?:/{_SEGMENT}*)*)"
    rf"(?:\?(?P<query>{_REST}*))?(?:#(?P<fragment>{_REST}*))?"
)
_DOT_SEGMENT: Final = re.compile(r"/(?:\.|%2e){1,2}(?=/|$)", re.IGNORECASE)
_HOST: Final = re.compile(
    r"(?=[^:]{1,253}(?::|$))[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
    r"(?::[1-9]\d{0,4})?"
)
_NUMBER_LAST: Final = re.compile(r"(?:^|\.)(?:\d+|0x[0-9a-f]*)(?::\d+)?$")


@dataclass(frozen=True, slots=True)
class Redirects:
    """Where a redirect may lead: every local path, and https on exactly these hosts (with their ports, if any).

    Raises `ConfigError` for a host that is no plain name in ASCII (write `xn--` names for other scripts) and for a
    fallback that would itself not be allowed.
    """

    _: KW_ONLY
    fallback: str = "/"
    hosts: Iterable[str] = ()

    def __post_init__(self) -> None:
        """Check and freeze the settings."""
        if isinstance(self.hosts, str):
            raise ConfigError("hosts must be a list of host names.", hint='Write hosts=["help.example.org"].')
        hosts = frozenset(_check_host(host) for host in self.hosts)
        object.__setattr__(self, "hosts", hosts)
        target = self._rewrite(self.fallback)
        if target is None:
            raise ConfigError(
                "the fallback of a redirect must be a local path or lie on an allowed host.",
                hint='Write fallback="/".',
                code="redirect-fallback",
            )
        object.__setattr__(self, "fallback", target)

    def resolve(self, target: str | None) -> str:
        """Return `target`, re-serialised and in ASCII, when it is allowed; else the fallback."""
        return (self._rewrite(target) if target else None) or self.fallback

    def allows(self, target: str) -> bool:
        """Tell whether `target` would be followed."""
        return bool(target) and self._rewrite(target) is not None

    def _rewrite(self, target: str) -> str | None:
        found = _TARGET.fullmatch(target) if len(target) <= LONGEST else None
        if not found or _DOT_SEGMENT.search(found["path"]):
            return None
        origin = ""
        if found["host"]:
            host = found["host"].lower().removesuffix(":443")
            if host not in self.hosts:
                return None
            origin = f"https://{host}"
        elif not found["path"] or found["path"].startswith("//"):
            return None
        return origin + _write_path(found)


def _write_path(found: re.Match[str]) -> str:
    parts = [found["path"] or "/"]
    parts += [mark + found[name] for mark, name in (("?", "query"), ("#", "fragment")) if found[name] is not None]
    # Only characters outside ASCII change: the grammar has let through nothing else that needs it.
    return quote("".join(parts), safe="".join(map(chr, range(0x21, 0x7F))))


def _check_host(host: str) -> str:
    name = host.lower().removesuffix(":443")
    if not _HOST.fullmatch(name) or _NUMBER_LAST.search(name):
        raise ConfigError(
            f"{host!r} is not a host that a redirect can be limited to.",
            hint='Write a name without scheme or path, such as "help.example.org" or "help.example.org:8443".',
            code="redirect-host",
        )
    return name
