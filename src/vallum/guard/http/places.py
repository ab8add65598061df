"""Keep what stands behind the proxy out of response headers: private addresses and internal names (CWE-497)."""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

from vallum.guard.http.origins import hosts_of

_ADDRESS: Final = re.compile(rb"(?i)(?<![\w.])(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:.]+\])(?!\w|\.\w)")
_AUTHORITY: Final = re.compile(
    rb"(?i)(?:https?:)?//(?:[^/?#@\s]*@)?((\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d+)?)(?=[/?#]|(>|[\"',;\s]|$))"
)
_INTERNAL: Final = re.compile(
    rb"[a-z0-9_-]+|.+\.(?:local|internal|lan|localdomain|intranet|corp|home|private|svc|home\.arpa)"
)
"""A name of one label, and the domains that RFC 6762 (also its appendix G), RFC 8375 and Kubernetes keep inside."""


class Places:
    """Which hosts a response may name."""

    def __init__(self, origins: Iterable[str]) -> None:
        """The hosts of the app's own `origins` are no secret, whatever they are called."""
        self._told = frozenset(host.encode("ascii") for origin in origins for host in hosts_of(origin))

    def hide(self, value: bytes, own: bytes) -> bytes | None:
        """The header's `value` with paths in place of internal URLs; None where an address is left over.

        `own` is the name by which the request called the app.
        """
        if b"//" in value:
            value = _AUTHORITY.sub(lambda match: self._cut(match, own), value)
        return None if any(map(_is_private, _ADDRESS.findall(value))) else value

    def _cut(self, match: re.Match[bytes], own: bytes) -> bytes:
        authority, name = match[1].lower(), match[2].lower()
        internal = authority == own and _INTERNAL.fullmatch(name) is not None
        if authority in self._told or not (internal or _is_private(name)):
            return match[0]
        return b"" if match[3] is None else b"/"


def _is_private(address: bytes) -> bool:
    try:
        return ip_address(address.strip(b"[]").decode("ascii")).is_private
    except ValueError:
        return False
