"""One canonical form for each login and each address, so that two spellings never are two accounts (CWE-178).

A login is folded as RFC 8265 folds user names (UsernameCaseMapped): width, case, NFKC; letters of one script, digits
and `. _ - + @ '` only. An address keeps its local part in lower case and has its domain as DNS writes it. Whoever is
looked up by a canonical form gets mail at the stored address only, never at the one that was typed (CVE-2019-19844).
"""

import re
import unicodedata
from typing import Final

from vallum.base.errors import RefusedError

LONGEST_LOGIN: Final = 254
LONGEST_ADDRESS: Final = 254
_LONGEST_LOCAL: Final = 64
_SIGNS: Final = frozenset("._-+@'")
_LOCAL: Final = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_TOP: Final = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]")
_DEVIANT: Final = frozenset("ßς\u200c\u200d")
"""What IDNA 2003 and 2008 send to different domains: mail could reach somebody else."""
_EAST_ASIAN: Final = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "KATAKANA-HIRAGANA"})


class NameRefusedError(RefusedError):
    """Text that cannot be a login or an address. It is never shown or logged: people type passwords there."""

    code = "name-refused"


def canonical_login(typed: str) -> str:
    """Return the canonical form of a login. Raises `NameRefusedError`."""
    if len(typed) > LONGEST_LOGIN:
        raise NameRefusedError(f"a login has at most {LONGEST_LOGIN} characters.", code="name-too-long")
    folded = fold_name(typed)
    if not folded or len(folded) > LONGEST_LOGIN or not all(_may_stand(sign) for sign in folded):
        raise NameRefusedError("a login has letters, digits and . _ - + @ ' only.")
    if not _is_one_script(folded):
        raise NameRefusedError("a login has letters of one script: mixed ones pass for another's.", code="name-mixed")
    return folded


def canonical_email(typed: str) -> str:
    """Return the canonical form of an address, in ASCII. Raises `NameRefusedError`.

    The local part is lowered, since no provider of today tells `Ann@` and `ann@` apart; one outside ASCII is refused,
    as are domains that the two versions of IDNA write differently, and domains that are an address or have no dot.
    """
    local, at, domain = typed.strip().rpartition("@")
    local = local.lower() if local.isascii() else ""
    if not at or len(typed) > LONGEST_ADDRESS or len(local) > _LONGEST_LOCAL or not _LOCAL.fullmatch(local):
        raise NameRefusedError("an address has the form name@example.org.", code="address-refused")
    address = f"{local}@{_canonical_domain(domain)}"
    if len(address) > LONGEST_ADDRESS:
        raise NameRefusedError(f"an address has at most {LONGEST_ADDRESS} characters.", code="address-refused")
    return address


def find_name(typed: str) -> tuple[str, bool]:
    """The form under which a typed login is looked up, and whether it is an address; ("", False) if it is neither.

    Never raises: what cannot be a name is looked up like any name that is not there.
    """
    try:
        if "@" in typed:
            return canonical_email(typed), True
        return canonical_login(typed), False
    except NameRefusedError:
        return "", False


def fold_name(typed: str) -> str:
    """Fold width, case and compatibility forms until nothing changes any more."""
    folded = typed.strip()
    for _ in range(3):
        once = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", folded).casefold()).strip()
        if once == folded:
            break
        folded = once
    return folded


def _canonical_domain(typed: str) -> str:
    if _DEVIANT & set(typed):
        raise NameRefusedError("the domain of an address is written differently by different mail programs.")
    try:
        domain = unicodedata.normalize("NFKC", typed).encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise NameRefusedError("the domain of an address is no domain.", code="address-refused") from None
    labels = domain.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels) or not _TOP.fullmatch(labels[-1]):
        raise NameRefusedError("the domain of an address is no domain.", code="address-refused")
    return domain


def _may_stand(sign: str) -> bool:
    return sign in _SIGNS or unicodedata.category(sign) in {"Ll", "Lo", "Lm", "Mn", "Mc", "Nd"}


def _is_one_script(name: str) -> bool:
    scripts = {unicodedata.name(sign, "").split(" ")[0] for sign in name if sign.isalpha()}
    return len(scripts) <= 1 or scripts <= _EAST_ASIAN
