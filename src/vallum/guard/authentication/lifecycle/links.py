"""Links in mails: on the origin that is configured, never on the host that a request named (CVE-2017-8295)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from vallum.base.errors import ConfigError

REGISTRATION: Final = "registration"
EMAIL_PROOF: Final = "email-proof"
EMAIL_CHANGE: Final = "email-change"
PASSWORD_RESET: Final = "password-reset"  # noqa: S105 - the name of a purpose
INVITATION: Final = "invitation"
FACTOR_LOST: Final = "factor-lost"
PATHS: Final[Mapping[str, str]] = MappingProxyType(
    {
        REGISTRATION: "/register/confirm",
        EMAIL_PROOF: "/email/confirm",
        EMAIL_CHANGE: "/email/change/confirm",
        PASSWORD_RESET: "/password/reset/confirm",
        INVITATION: "/invitation",
        FACTOR_LOST: "/login/factor/lost",
    }
)
_ORIGIN: Final = re.compile(r"https://[a-z0-9.-]+(?::\d{1,5})?|http://(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?")
_PATH: Final = re.compile(r"/[A-Za-z0-9._~/-]*")


@dataclass(frozen=True, slots=True)
class LinkPolicy:
    """Where links lead: `origin` like "https://notes.example", and a path for each purpose.

    The page at the path shows a form and consumes nothing, since mail scanners open links; its POST does the work. Send
    it with `Cache-Control: no-store` and `Referrer-Policy: same-origin`: under "no-referrer" the page's own POST comes
    from the origin "null" and is refused. Raises `ConfigError`.
    """

    origin: str
    paths: Mapping[str, str] = field(default_factory=lambda: PATHS)

    def __post_init__(self) -> None:
        """Refuse an origin without TLS, and paths that lead elsewhere."""
        plain = all(_PATH.fullmatch(path) and not path.startswith("//") for path in self.paths.values())
        if not _ORIGIN.fullmatch(self.origin) or not plain:
            raise ConfigError(
                "links need an https origin and plain paths.",
                hint='Write LinkPolicy("https://notes.example"); http is for localhost only.',
                code="link-origin",
            )
        object.__setattr__(self, "paths", MappingProxyType({**PATHS, **self.paths}))

    def build(self, purpose: str, token: str) -> str:
        """The link for a token of this purpose."""
        return f"{self.origin}{self.paths[purpose]}?token={token}"
