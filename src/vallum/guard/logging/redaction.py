"""Redaction: what no log may keep, found by the name of a field and by the shape of a value (CWE-532, ASVS 16.2.5).

    redact("Authorization: Bearer abc")                 'Authorization: [REDACTED]'
    redact_fields({"user": {"apiKey": "k", "id": 7}})   {'user': {'apiKey': '[REDACTED]', 'id': 7}}

Names count in every spelling (snake, kebab, camel), at every depth, falsy values included. Shapes: PEM blocks, JSON Web
Tokens, bearer credentials, the key formats of known services, passwords in URLs, long opaque tokens, and card numbers
whose check digit fits. Every pattern runs in linear time, since users write what is searched.
"""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from math import isfinite
from typing import Any, Final

from vallum.base.secret import Secret

KEEPS: Final = ("log-redaction", "secrets-not-logged")

MASK: Final = "[REDACTED]"
LONGEST_TEXT: Final = 65_536
"""Characters of a text that are searched and kept; of a longer one the end, where a traceback tells the error."""
DEEPEST: Final = 12
MOST_ITEMS: Final = 1_000
SHORTEST_KNOWN: Final = 8

_NAMES: Final = re.compile(
    r"passw|passphrase|pwd|secret|token|apikey|accesskey|privatekey|signingkey|encryptionkey|authorization|cookie"
    r"|session|credential|creditcard|cardnumber|cvv|cvc|ssn|socialsecurity|signature|otp$|^otp|^pin$|^iban$|^jwt$|^auth$"
)
_SEPARATORS: Final = re.compile(r"[^a-z0-9]")
_IN_TEXT: Final = (
    r"passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|signing[_-]?key"
    r"|authorization|cookie|session|credential|credit[_-]?card|card[_-]?number|cvv|ssn|signature"
)
_HEADERS: Final = re.compile(
    r"(?i)((?:proxy-)?authorization|(?:set-)?cookie)([\"']?[^\S\n]{0,4}[:=][^\S\n]{0,4}+)(?![\"'\[{])[^\r\n]+"
)
_NAMED: Final = re.compile(
    rf"""(?ix) ( (?:{_IN_TEXT}) [\w.-]{{0,40}} \\{{0,2}} ["']? \]?
        \s{{0,4}} (?: [=:] | , (?=\s{{0,4}} b?["']) ) \s{{0,4}} b? )
    ( "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*'
    | \[REDACTED\]
    | [^\s,;&)}}\]]+ (?: [^\S\n]{{1,4}} (?! [\w.-]{{1,40}}[=:] ) [^\s,;&)}}\]]+ ){{0,16}} )"""
)
_PARAMETERS: Final = re.compile(r"""(?i)([?&](?:code|state|key|sig|auth|nonce|hash)=)[^&\s"'#]+""")
_SHAPES: Final = re.compile(
    r"""(?x) (?<=://) [^/\s:@]{0,256}:[^/\s@]{1,256} (?=@)
    | -----BEGIN\ [A-Z0-9 ]{1,40}-----[\s\S]*?(?:-----END\ [A-Z0-9 ]{1,40}-----|\Z)
    | (?<![\w-]) eyJ[\w-]{5,} (?:\.[\w-]*){1,4}
    | (?i:\b(?:bearer|basic)\s{1,4}[\w.~+/-]{16,}=*)
    | (?<![\w-]) (?: (?:sk|rk|pk)[-_][\w-]{16,} | gh[oprsu]_\w{20,} | github_pat_\w{20,} | glpat-[\w-]{16,}
        | xox[a-z]-[\w-]{10,} | (?:AKIA|ASIA)[A-Z0-9]{16} | AIza[\w-]{30,} | ya29\.[\w-]{16,} | npm_\w{20,}
        | pypi-[\w-]{16,} | SG\.[\w-]{10,}\.[\w-]{10,} | whsec_[\w+/=]{16,} | hv[sb]\.[\w-]{16,} | dop_v1_\w{20,}
        | shp(?:at|ss|ca|pa)_\w{20,} | AGE-SECRET-KEY-1\w{20,} )
    | (?<![\w-]) [A-Za-z0-9_-]{40,} (?![\w-])"""
)
_CARD: Final = re.compile(r"(?<![\w.-])[2-6](?:[ -]?\d){12,18}(?![\w-])")
_EMAIL: Final = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


class Redactor:
    """Masks what a log must not keep. `names` are further fields to hide; `emails` hides addresses as well.

    `known` are secrets whose very value is searched for, under whatever name it appears; those shorter than eight
    characters are left to the names, since they would be found in ordinary words.
    """

    def __init__(
        self, *, names: tuple[str, ...] = (), emails: bool = False, known: tuple[Secret[str], ...] = ()
    ) -> None:
        """Prepare the patterns."""
        self._given, self._emails, self._secrets = names, emails, known
        self._names = frozenset(_normalise(name) for name in names)
        values = sorted({secret.reveal() for secret in known if len(secret) >= SHORTEST_KNOWN}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, values))) if values else None

    def knowing(self, *secrets: Secret[str]) -> "Redactor":
        """The same redactor, which searches for these values as well."""
        fresh = tuple(secret for secret in secrets if secret not in self._secrets)
        return Redactor(names=self._given, emails=self._emails, known=(*self._secrets, *fresh)) if fresh else self

    def hides(self, name: object) -> bool:
        """Tell whether the values of a field of that name are hidden."""
        normal = _normalise(str(name))
        return normal in self._names or _NAMES.search(normal) is not None

    def text(self, text: str) -> str:
        """`text` with everything masked that has the name or the shape of a secret; masking twice changes nothing."""
        text = text[-LONGEST_TEXT:]
        if self._known is not None:
            text = self._known.sub(MASK, text)
        text = _SHAPES.sub(MASK, _NAMED.sub(_mask_value, _HEADERS.sub(rf"\1\2{MASK}", text)))
        text = _CARD.sub(_mask_card, _PARAMETERS.sub(rf"\1{MASK}", text))
        return _EMAIL.sub(MASK, text) if self._emails else text

    def value(self, value: Any, depth: int = 0) -> Any:
        """`value` for a structured log: mappings and sequences to the bottom, the rest as numbers or masked text."""
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, float):
            return value if isfinite(value) else str(value)
        if isinstance(value, int):
            return self._number(value)
        if isinstance(value, str):
            return self.text(value)
        if depth >= DEEPEST:
            return MASK
        if isinstance(value, Mapping):
            return self._mapping(value, depth)
        if isinstance(value, (list, tuple, AbstractSet)):
            return self._items(value, depth)
        if isinstance(value, (bytes, bytearray)):
            return self.text(bytes(value).decode("utf-8", "backslashreplace"))
        return self.text(_show(value))

    def _number(self, value: int) -> Any:
        masked = self.text(str(value)) if value > 10**12 else ""
        return masked if MASK in masked else value

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        pairs = list(value.items())[:MOST_ITEMS]
        return {
            self.text(_show(key)): MASK if self.hides(_show(key)) else self.value(item, depth + 1)
            for key, item in pairs
        }

    def _items(self, value: "list[Any] | tuple[Any, ...] | AbstractSet[Any]", depth: int) -> list[Any]:
        items = list(value)[:MOST_ITEMS]
        if len(items) == 2 and isinstance(items[0], (str, bytes)) and self.hides(_show(items[0])):
            return [self.value(items[0], depth + 1), MASK]  # a header, as frameworks keep them
        return [self.value(item, depth + 1) for item in items]


class _Choice:
    """The redactor of this process."""

    redactor: Redactor = Redactor()


def use_redactor(redactor: Redactor) -> None:
    """Redact every log of this process with `redactor`."""
    _Choice.redactor = redactor


def hide_secrets(*secrets: Secret[str]) -> None:
    """Have the very values of these secrets masked as well, under whatever name or none they appear."""
    _Choice.redactor = _Choice.redactor.knowing(*secrets)


def redact(text: str) -> str:
    """Mask what a log must not keep: named secrets, JSON Web Tokens, passwords in URLs, keys, cards, opaque tokens."""
    return _Choice.redactor.text(text)


def redact_value(value: Any) -> Any:
    """A copy of `value` in which every secret is masked, at every depth."""
    return _Choice.redactor.value(value)


def redact_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of `fields` in which every secret is masked, at every depth."""
    return redact_value(fields)  # type: ignore[no-any-return]  # a mapping gives a dict


def escape_controls(text: str) -> str:
    r"""One line: line breaks, control characters and marks that turn the direction of text become `\n`, `\u202e`."""
    return _UNSAFE.sub(lambda match: _ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04x}", text)


_ESCAPES: Final = {"\n": "\\n", "\r": "\\r"}


def _normalise(name: str) -> str:
    return _SEPARATORS.sub("", name.lower())


def _show(value: object) -> str:
    """The text of any object; one whose own text fails must not take the log entry with it."""
    try:
        return value.decode("latin-1") if isinstance(value, bytes) else str(value)
    except Exception:  # noqa: BLE001 - whatever a foreign __str__ raises
        return f"<{type(value).__name__}>"


def _mask_value(match: re.Match[str]) -> str:
    quote = match[2][0] if match[2][0] in "\"'" and match[2][-1] == match[2][0] and len(match[2]) > 1 else ""
    return f"{match[1]}{quote}{MASK}{quote}"


def _mask_card(match: re.Match[str]) -> str:
    digits = [int(character) for character in match[0] if character.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return MASK if (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0 else match[0]
