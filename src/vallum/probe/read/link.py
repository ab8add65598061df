"""Where a link of a page leads, as far as this app is concerned."""

from urllib.parse import SplitResult, urljoin, urlsplit


def split_link(link: str) -> SplitResult | None:
    """The parts of an address; None for one that no browser could follow."""
    try:
        return urlsplit(link)
    except ValueError:
        return None


def resolve_link(link: str, target: str, base: str = "http://here") -> str:
    """A link found at `target`, as path and query of the same app; empty when it leads elsewhere."""
    try:
        joined = urlsplit(urljoin(f"{base}{target}", link))
        here = urlsplit(base)
    except ValueError:
        return ""
    if (joined.scheme, joined.netloc) != (here.scheme, here.netloc):
        return ""
    return f"{joined.path or '/'}{'?' + joined.query if joined.query else ''}"
