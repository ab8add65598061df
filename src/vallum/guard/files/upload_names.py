"""The name that a client gives its file: read for its extension, kept for display, never used as a path (CWE-434)."""

import re
import unicodedata
from collections.abc import Collection
from typing import Final
from urllib.parse import quote

from vallum.base.errors import RefusedError

LONGEST_NAME: Final = 255
_EXTENSION: Final = re.compile(r"[a-z0-9]{1,10}")
_UNFIT: Final = re.compile(r'[:*?"<>|%]')
_SLASHES: Final = re.compile(r"[/\\]")
_EXECUTABLE: Final = frozenset({
    "asp", "aspx", "bash", "bat", "cer", "cfm", "cgi", "cmd", "com", "cshtml", "dll", "exe", "hta", "htaccess", "htm",
    "html", "inc", "jar", "js", "jsp", "jspx", "lnk", "mjs", "msi", "phar", "php", "php3", "php4", "php5", "php7",
    "php8", "phps", "pht", "phtml", "pif", "pl", "ps1", "py", "pyc", "pyw", "rb", "scr", "sh", "shtml", "svg", "swf",
    "vb", "vbs", "wasm", "wsf", "xht", "xhtml", "xml", "xsl",
})  # fmt: skip
"""Extensions that some server, shell or browser runs, wherever in a name they stand."""
_ASCII: Final = re.compile(r"[^A-Za-z0-9._ -]")


class UploadRefusedError(RefusedError):
    """A file that the policy does not accept. The message is for the log and does not repeat the name."""

    code = "upload-refused"


def read_extension(name: str, allowed: Collection[str]) -> str:
    """Return the extension of a client's file name, in small letters, if it is one of `allowed`.

    Raises `UploadRefusedError` (400) for a name with another or no extension, an executable extension before the last,
    a leading dot, a trailing dot or space, a slash, colon or other mark of paths, a control or invisible character, a
    percent sign, and more than 255 characters.
    """
    if not name or len(name) > LONGEST_NAME:
        raise UploadRefusedError(f"a file name must have 1 to {LONGEST_NAME} characters.")
    reading = unicodedata.normalize("NFKC", name)
    for text in (name, reading):
        if _UNFIT.search(text) or _SLASHES.search(text) or any(_is_hidden(mark) for mark in text):
            raise UploadRefusedError("a file name holds a character that names must not have.")
    if reading[0] in ". " or reading[-1] in ". ":
        raise UploadRefusedError("a file name begins or ends with a dot or space.")
    stem, *extensions = reading.lower().split(".")
    if not stem or not extensions or not _EXTENSION.fullmatch(extensions[-1]) or extensions[-1] not in allowed:
        raise UploadRefusedError("a file name has none of the extensions that are accepted.")
    if _EXECUTABLE & {part.strip() for part in extensions[:-1]}:
        raise UploadRefusedError("a file name holds an executable extension before its last.")
    return extensions[-1]


def write_disposition(display_name: str) -> str:
    """Return the value of Content-Disposition that saves a file under a display name (RFC 6266, RFC 8187).

    Whatever the name holds, the value is one line of ASCII and its plain form has letters, digits, `.`, `_`, `-`.
    """
    shown = "".join(mark for mark in display_name if not _is_hidden(mark)) or "file"
    plain = _ASCII.sub("_", shown).strip(". ") or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(shown, safe='')}"


def _is_hidden(mark: str) -> bool:
    return unicodedata.category(mark) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
