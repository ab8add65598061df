"""The security headers of every response, prepared once as bytes (OWASP Secure Headers, ASVS 3.4)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from vallum.base.errors import ConfigError

KEEPS: Final = ("hsts", "xss-filter-off", "referrer-policy", "permissions-policy")

ONE_YEAR: Final = 31_536_000
Pair = tuple[bytes, bytes]

STRICT_REFERRERS: Final = frozenset(
    {"strict-origin-when-cross-origin", "same-origin", "strict-origin", "no-referrer"},
)
_OPENERS: Final = frozenset({"same-origin", "same-origin-allow-popups", "noopener-allow-popups"})
_RESOURCES: Final = frozenset({"same-origin", "same-site", "cross-origin"})
_EMBEDDERS: Final = frozenset({"require-corp", "credentialless"})
_FEATURE: Final = re.compile(r"[a-z][a-z-]*")
_ALLOWED: Final = re.compile(r"self|https://[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d{1,5})?")
_GROUP: Final = re.compile(r"[a-z][a-z0-9-]{0,63}")
_ADDRESS: Final = re.compile(r"(?:https://[a-z0-9.-]+(?::\d{1,5})?)?/[A-Za-z0-9._~/-]*")
_OFF: Final = (
    "accelerometer",
    "autoplay",
    "browsing-topics",
    "camera",
    "display-capture",
    "encrypted-media",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "usb",
    "xr-spatial-tracking",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HstsPolicy:
    """How long browsers refuse plain HTTP (RFC 6797): at least a year, in seconds, subdomains included."""

    max_age: int = ONE_YEAR
    preload: bool = False

    def __post_init__(self) -> None:
        """Refuse less than a year."""
        if self.max_age < ONE_YEAR:
            raise ConfigError(
                f"HSTS max_age is {self.max_age} seconds, at least a year ({ONE_YEAR}) is needed.",
                hint="Leave it out.",
                code="hsts-short",
            )

    def render(self) -> str:
        """The header's value."""
        return f"max-age={self.max_age}; includeSubDomains" + ("; preload" if self.preload else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderPolicy:
    """The headers that need a choice.

    `permissions` maps a browser feature to who may use it (empty: nobody); `reporting` maps the group that a Content
    Security Policy names in `report_to` to where browsers send its reports: a path of the app or an https address.
    `embedder` is the Cross-Origin-Embedder-Policy, "require-corp" or "credentialless"; empty, it is not sent, since it
    refuses images and frames of other sites that do not expect it.
    """

    hsts: HstsPolicy = field(default_factory=HstsPolicy)
    referrer: str = "strict-origin-when-cross-origin"
    opener: str = "same-origin"
    resource: str = "same-origin"
    embedder: str = ""
    permissions: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    reporting: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        """Refuse values that a browser would ignore or that leak."""
        _check_choice("Referrer-Policy", self.referrer, STRICT_REFERRERS)
        _check_choice("Cross-Origin-Opener-Policy", self.opener, _OPENERS)
        _check_choice("Cross-Origin-Resource-Policy", self.resource, _RESOURCES)
        if self.embedder:
            _check_choice("Cross-Origin-Embedder-Policy", self.embedder, _EMBEDDERS)
        for feature, allowed in self.permissions.items():
            if not _FEATURE.fullmatch(feature) or not all(map(_ALLOWED.fullmatch, _as_tuple(allowed))):
                raise ConfigError(
                    f"Permissions-Policy: {feature!r} needs a tuple of 'self' and https origins, not {allowed!r}.",
                    hint="For example permissions={'geolocation': ('self',)}.",
                    code="permissions-syntax",
                )

        for group, address in self.reporting.items():
            if not _GROUP.fullmatch(group) or not _ADDRESS.fullmatch(address):
                raise ConfigError(
                    f"Reporting-Endpoints: {group!r} at {address!r} is not a group at a path or https address.",
                    hint="For example reporting={'csp': '/csp-reports'}.",
                    code="reporting-unclear",
                )

    def compile(self, *, secure: bool) -> list[Pair]:
        """The headers that are the same on every response; HSTS only when the request came over TLS."""
        pairs = [
            (b"x-content-type-options", b"nosniff"),
            (b"permissions-policy", self.render_permissions().encode("ascii")),
            (b"cross-origin-opener-policy", self.opener.encode("ascii")),
            (b"x-xss-protection", b"0"),
        ]
        if self.embedder:
            pairs.append((b"cross-origin-embedder-policy", self.embedder.encode("ascii")))
        if self.reporting:
            groups = ", ".join(f'{group}="{address}"' for group, address in self.reporting.items())
            pairs.append((b"reporting-endpoints", groups.encode("ascii")))
        if secure:
            pairs.append((b"strict-transport-security", self.hsts.render().encode("ascii")))
        return pairs

    def render_permissions(self) -> str:
        """The Permissions-Policy value, as a structured field dictionary (RFC 9651)."""
        features = {**dict.fromkeys(_OFF, ()), **self.permissions}
        return ", ".join(f"{feature}=({' '.join(map(_quote, allowed))})" for feature, allowed in features.items())


def _as_tuple(allowed: object) -> tuple[str, ...]:
    """A string would be read letter by letter; an empty name matches nothing and is refused."""
    return allowed if isinstance(allowed, tuple) else ("",)


def _quote(who: str) -> str:
    return who if who == "self" else f'"{who}"'


def _check_choice(header: str, value: str, choices: frozenset[str]) -> None:
    if value not in choices:
        raise ConfigError(
            f"{header} cannot be {value!r}.", hint=f"Choose one of: {', '.join(sorted(choices))}.", code="header-weak"
        )
