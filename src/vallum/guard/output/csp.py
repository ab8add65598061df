"""The Content Security Policy as a type: strict by default, with a fresh nonce in each response (CSP level 3).

Sources: W3C CSP3, ASVS 3.4.3. `'unsafe-inline'` and `'unsafe-eval'` cannot be built for scripts.
"""

import re
from dataclasses import dataclass, fields
from typing import Final

from vallum.base.errors import ConfigError

KEEPS: Final = ("content-security-policy", "frame-protection")

NONCE: Final = "'nonce-*'"
"""Stands for the nonce of the response at hand; a nonce written out would be the same in each and protect nothing."""
SELF: Final = "'self'"
NONE: Final = "'none'"
STRICT_DYNAMIC: Final = "'strict-dynamic'"

_KEYWORDS: Final = {NONCE, SELF, NONE, STRICT_DYNAMIC, "'report-sample'", "'wasm-unsafe-eval'"}
_HASH: Final = re.compile(r"'sha(?:256|384|512)-[A-Za-z0-9+/_-]{43,86}={0,2}'")
_HOST: Final = re.compile(
    r"(?:https|wss)://(?:\*\.[a-z0-9-]+\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::\d{1,5})?(?:/[\w./~%-]*)?"
)
_SCHEMES: Final = {"data:", "blob:", "mediastream:"}
_SCHEME_DIRECTIVES: Final = {"img_src", "font_src", "media_src", "worker_src"}
_NAMED_DIRECTIVES: Final = {"script_src", "worker_src", "form_action"}
_POLICY: Final = re.compile(r"(?!default\Z)[A-Za-z0-9#=_/@.%-]+")
"""The name of a Trusted Types policy; a default one would take text from every sink."""
_REPORT_GROUP: Final = re.compile(r"[a-z][a-z0-9-]{0,63}")

Sources = tuple[str, ...]
_FRAME_OPTIONS: Final[dict[Sources, bytes]] = {(NONE,): b"DENY", (SELF,): b"SAMEORIGIN"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentSecurityPolicy:
    """What a page may load, run, frame and send. Each directive is a tuple of sources; an empty one is left out.

    Sources are the keywords of this module, `'sha256-...'` hashes and https or wss origins, with a wildcard for
    subdomains where neither scripts nor forms are at stake; `data:` and `blob:` only for images, fonts, media and
    workers. Scripts need the nonce; what falls back on `default_src` stays on this site. `unsafe_plain_requests` leaves
    out `upgrade-insecure-requests`. Raises `ConfigError` for anything else. `trusted_types_policy` is the one
    policy that may make markup where `trusted_types` is on: see `vallum.guard.output.trusted_types`.
    """

    default_src: Sources = (SELF,)
    script_src: Sources = (NONCE, STRICT_DYNAMIC)
    style_src: Sources = (SELF, NONCE)
    img_src: Sources = (SELF, "data:")
    font_src: Sources = (SELF,)
    connect_src: Sources = (SELF,)
    media_src: Sources = ()
    worker_src: Sources = ()
    frame_src: Sources = (NONE,)
    object_src: Sources = (NONE,)
    base_uri: Sources = (NONE,)
    form_action: Sources = (SELF,)
    frame_ancestors: Sources = (NONE,)
    trusted_types: bool = False
    trusted_types_policy: str = ""
    report_to: str = ""
    unsafe_inline_styles: bool = False
    unsafe_plain_requests: bool = False

    def __post_init__(self) -> None:
        """Refuse sources that weaken the policy or could write another directive."""
        for directive in _directives():
            _check_sources(directive, getattr(self, directive))
        for directive in ("default_src", "script_src", "object_src", "base_uri", "form_action", "frame_ancestors"):
            if not getattr(self, directive):
                raise _refuse(directive, "must not be empty", "leave it out to keep the default")
        if self.default_src not in {(SELF,), (NONE,)}:
            raise _refuse("default_src", "is neither 'self' nor 'none'", "name other hosts where they are needed")
        if NONCE not in self.script_src and self.script_src != (NONE,):
            raise _refuse("script_src", "lacks the nonce", "add NONCE: pages read it from current().csp_nonce")
        if self.object_src != (NONE,):
            raise _refuse("object_src", "is not 'none'", "plug-ins are gone from browsers; embed with frame_src")
        if self.base_uri not in {(NONE,), (SELF,)}:
            raise _refuse("base_uri", "is neither 'none' nor 'self'", "a foreign base redirects every relative script")
        if self.trusted_types_policy and not (self.trusted_types and _POLICY.fullmatch(self.trusted_types_policy)):
            raise _refuse("trusted_types_policy", "is no name, or trusted_types is off", 'for example "vallum"')
        if self.report_to and not _REPORT_GROUP.fullmatch(self.report_to):
            raise _refuse("report_to", "is not the name of a reporting group", 'for example "csp"')

    def compile(self) -> tuple[bytes, ...]:
        """The header's value, cut where the nonce belongs: `nonce.join(pieces)` is the value."""
        cut = self.render().replace(NONCE, "'nonce-\0'").split("\0")
        return tuple(piece.encode("ascii") for piece in cut)

    def render(self) -> str:
        """The header's value with `*` for the nonce."""
        parts = [f"{name.replace('_', '-')} {' '.join(self.sources_of(name))}" for name in self.used_directives()]
        if not self.unsafe_plain_requests:
            parts.append("upgrade-insecure-requests")
        if self.trusted_types:
            parts.append("require-trusted-types-for 'script'")
        if self.trusted_types_policy:
            parts.append(f"trusted-types {self.trusted_types_policy}")
        if self.report_to:
            parts.append(f"report-to {self.report_to}")
        return "; ".join(parts)

    def used_directives(self) -> list[str]:
        """The directives that have sources."""
        return [name for name in _directives() if getattr(self, name)]

    def sources_of(self, directive: str) -> Sources:
        """The sources of a directive as they are sent."""
        sources: Sources = getattr(self, directive)
        if directive == "style_src" and self.unsafe_inline_styles:
            # A nonce beside it would switch 'unsafe-inline' off again.
            return (*(source for source in sources if source != NONCE), "'unsafe-inline'")
        return sources

    @property
    def frame_options(self) -> bytes | None:
        """The X-Frame-Options that says the same to old browsers; None where it cannot."""
        return _FRAME_OPTIONS.get(self.frame_ancestors)


def _directives() -> list[str]:
    return [field.name for field in fields(ContentSecurityPolicy) if field.type is Sources]


def _check_sources(directive: str, sources: Sources) -> None:
    if isinstance(sources, str):
        raise _refuse(directive, "is a string", f"write a tuple: ({sources!r},)")
    for source in sources:
        _check_source(directive, source)
    if NONE in sources and len(sources) > 1:
        raise _refuse(directive, "joins 'none' with other sources", "browsers then ignore 'none'")
    if directive in _NAMED_DIRECTIVES and any("*." in source for source in sources):
        raise _refuse(directive, "holds a wildcard", "name each host, for example https://cdn.example")
    if directive == "frame_ancestors" and not set(sources) <= {NONE, SELF} and not all(map(_is_origin, sources)):
        raise _refuse(directive, "must be 'none', 'self' or exact origins", "for example ('https://partner.example',)")


def _check_source(directive: str, source: str) -> None:
    if "unsafe-inline" in source or source in {"'unsafe-eval'", "'unsafe-hashes'"}:
        raise _refuse(directive, f"holds {source}", "use NONCE or a hash; for styles alone: unsafe_inline_styles=True")
    if source.startswith("'nonce-") and source != NONCE:
        raise _refuse(directive, "holds a fixed nonce", "use NONCE: each response gets its own")
    if source == "*" or source in {"https:", "http:"}:
        raise _refuse(directive, f"allows every host by {source!r}", "name the hosts, for example https://cdn.example")
    if source in _SCHEMES and directive in _SCHEME_DIRECTIVES:
        return
    if not (source in _KEYWORDS or _HASH.fullmatch(source) or _HOST.fullmatch(source)):
        raise _refuse(directive, f"holds the unknown source {source!r}", "write a keyword, a hash or an https origin")


def _is_origin(source: str) -> bool:
    return "*" not in source and _HOST.fullmatch(source) is not None


def _refuse(directive: str, what: str, hint: str) -> ConfigError:
    return ConfigError(f"Content-Security-Policy: {directive} {what}.", hint=f"{hint}.", code="csp-weak")
