"""One dependency, and whether it names one version (PEP 440, PEP 508, npm's ranges, Poetry's)."""

import re
from dataclasses import dataclass
from typing import Final

_NAME: Final = re.compile(r"\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(?P<rest>.*)$")
_EXACT: Final = re.compile(r"={2,3}\s*v?\d[\w.!+-]*")
_PLAIN: Final = re.compile(r"={0,3}\s*v?\d+(?:\.\d+)*(?:[-+.]?[A-Za-z][\w.+-]*)?")
_SEMVER: Final = re.compile(r"=?v?\d+\.\d+\.\d+(?:[-+][\w.+-]+)?")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_HASH: Final = re.compile(r"--hash[= ]\s*\w+:[0-9a-f]+|#(?:sha256|sha384|sha512)=[0-9a-f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """A line of a manifest."""

    name: str
    line: int
    weakness: str
    """Why it may become another version; empty when it cannot."""


def judge_requirement(text: str) -> tuple[str, str]:
    """The name in a requirement of pip (PEP 508), and why it is not exact; the name is empty for other lines."""
    bare = re.sub(r"\s+--(?:hash|config-settings|global-option)\b.*", "", text).strip()
    if re.match(r"(?:git|hg|svn|bzr)\+|[a-z+]+://", bare):
        return bare.rpartition("#egg=")[2].split("&")[0].split("#")[0] or bare, _judge_source(bare, text)
    match = _NAME.match(bare)
    if match is None:
        return "", ""
    rest = match["rest"].partition(";")[0].strip()
    if rest.startswith("@"):
        return match["name"], _judge_source(rest[1:].strip(), text)
    if rest.startswith(("/", "\\", ".")):
        return "", ""
    return match["name"], _judge_range(rest)


def judge_poetry(version: str) -> str:
    """Why a version of Poetry or a Pipfile is not exact; a plain number is."""
    text = version.strip()
    if _PLAIN.fullmatch(text):
        return ""
    return "any version will do" if text in {"*", ""} else f'"{text}" allows other versions'


def judge_npm(version: str) -> str:
    """Why a version in a package.json is not exact."""
    text = version.strip()
    if text.startswith(("file:", "link:", "portal:", "workspace:", "catalog:")) or _SEMVER.fullmatch(text):
        return ""
    if text.startswith("npm:"):
        return judge_npm(text.rpartition("@")[2])
    if "://" in text or text.startswith(("github:", "gitlab:", "bitbucket:", "git+", "git@")) or "/" in text:
        return "" if _COMMIT.fullmatch(text.rpartition("#")[2]) else f'"{text}" names no commit'
    return f'"{text}" allows other versions' if text not in {"", "*", "latest"} else "any version will do"


def judge_commit(reference: str) -> str:
    """Why a git reference can move; empty for a whole commit id."""
    return "" if _COMMIT.fullmatch(reference) else "a branch or tag can be moved to other code"


def _judge_range(rest: str) -> str:
    if not rest or rest.startswith("#"):
        return "no version is named"
    version = rest.strip("()").partition(" #")[0].strip()
    if _EXACT.fullmatch(version) and "*" not in version:
        return ""
    return f'"{version}" allows other versions'


def _judge_source(url: str, whole: str) -> str:
    address = url.partition(";")[0].split()[0] if url.split() else url
    if re.match(r"(?:git|hg|svn|bzr)\+", address):
        path = address.partition("#")[0].rpartition("://")[2].partition("/")[2]
        return judge_commit(path.rpartition("@")[2] if "@" in path else "")
    if address.startswith("file:"):
        return ""
    return "" if _HASH.search(whole) else "the file behind the address can change, for no hash is given"
