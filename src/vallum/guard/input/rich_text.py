"""HTML of users, cut down to an allowlist by a parser (CWE-79, ASVS 1.3.1).

    page = fill_html("<article>{text}</article>", text=sanitise(comment.text))

Needs `pip install "vallum[input]"`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

import nh3

from vallum.base.errors import ConfigError
from vallum.guard.output.html import SafeHtml

KEEPS: Final = ("html-sanitised",)
TAGS: Final = frozenset({"b", "i", "em", "strong", "a"})
ATTRIBUTES: Final[Mapping[str, frozenset[str]]] = MappingProxyType({"a": frozenset({"href", "title"})})
SCHEMES: Final = frozenset({"http", "https", "mailto"})
LONGEST_HTML: Final = 100_000
_NEVER_TAGS: Final = frozenset(
    {"script", "style", "iframe", "object", "embed", "svg", "math", "form", "input", "base", "link", "meta", "template"}
)
_NEVER_ATTRIBUTES: Final = frozenset({"style", "srcdoc", "id", "name", "formaction"})


@dataclass(frozen=True, slots=True, kw_only=True)
class HtmlPolicy:
    """Which tags, attributes of each tag and schemes of links stay. Text inside other tags stays, without the tags."""

    tags: frozenset[str] = TAGS
    attributes: Mapping[str, frozenset[str]] = field(default_factory=lambda: ATTRIBUTES)
    schemes: frozenset[str] = SCHEMES

    def __post_init__(self) -> None:
        """Raise `ConfigError` for tags, attributes and schemes that no user's text may have."""
        attributes = {name for names in self.attributes.values() for name in names}
        bad = (
            (self.tags & _NEVER_TAGS)
            | (attributes & _NEVER_ATTRIBUTES)
            | {name for name in attributes if name.startswith("on")}
            | (self.schemes - SCHEMES)
        )
        if bad:
            raise ConfigError(
                f"an HTML policy must not allow {', '.join(sorted(bad))}.",
                hint="Allow tags of text, and links by http, https and mailto.",
                code="html-policy",
            )


_DEFAULT: Final = HtmlPolicy()


def sanitise(html: str, policy: HtmlPolicy = _DEFAULT) -> SafeHtml:
    """Return the user's `html` with what the policy allows; comments and all else are gone, links get `rel`.

    The result may be sent as it is, and nothing should edit it afterwards. Text above 100,000 characters raises
    `ConfigError`: bound the field before.
    """
    if len(html) > LONGEST_HTML:
        raise ConfigError(
            f"HTML of more than {LONGEST_HTML} characters was to be sanitised.",
            hint="Give the field a bound, such as PlainText has.",
            code="html-too-long",
        )
    return SafeHtml(
        nh3.clean(
            html,
            tags=set(policy.tags),
            attributes={tag: set(names) for tag, names in policy.attributes.items()},
            url_schemes=set(policy.schemes),
            clean_content_tags={"script", "style"},
            strip_comments=True,
            link_rel="noopener noreferrer nofollow",
        )
    )


def clean(
    text: str,
    tags: Iterable[str] = TAGS,
    attributes: Mapping[str, Iterable[str]] = ATTRIBUTES,
    protocols: Iterable[str] = SCHEMES,
    *,
    strip: bool = True,
) -> SafeHtml:
    """Take the arguments of `bleach.clean`, so that code written for bleach needs one changed import.

    Raises `ConfigError` for `strip=False`, which would show the removed tags as text, and like `HtmlPolicy`.
    """
    if not strip:
        raise ConfigError("removed tags are always stripped.", hint="Leave out strip=False.", code="html-policy")
    allowed = {tag: frozenset(names) for tag, names in attributes.items()}
    return sanitise(text, HtmlPolicy(tags=frozenset(tags), attributes=allowed, schemes=frozenset(protocols)))
