"""What a new password must be: long, unknown to attackers, and not the user's own name (NIST SP 800-63B-4, ASVS 6.2).

    POLICY = PasswordPolicy(site=("notes", "example"))
    POLICY.check(form.password, words=(form.login, form.email))

Nothing asks for capitals, digits or signs, nothing is trimmed or cut, and no password expires.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar, Final

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.authentication.breached import BreachedPasswords, ShippedList
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import Refusal

KEEPS: Final = ("password-policy",)

SHORTEST_WITH_FACTOR: Final = 12
"""The least that may be set: for accounts that a second factor protects as well."""
SHORTEST_ALONE: Final = 15
"""NIST SP 800-63B-4, section 3.1.1.2, for a password that is the only factor."""
LONGEST: Final = 256
_LEAST_LONGEST: Final = 64
_SHORTEST_WORD: Final = 4
_LEAST_REST: Final = 8
_FEWEST_DIFFERENT: Final = 5
_WORD: Final = re.compile(r"[^\W_]+")


class PasswordProblem(Enum):
    """Why a password is not accepted: a code for programs, and a sentence to show."""

    TOO_SHORT = (
        "password-too-short",
        "The password is too short. A few unrelated words are long and easy to remember.",
    )
    TOO_LONG = ("password-too-long", "The password is too long.")
    BREACHED = ("password-breached", "This password stands in lists of leaked passwords. Choose another.")
    CONTEXT = (
        "password-from-context",
        "Do not build the password from your name, your address or the name of this site.",
    )
    TOO_PLAIN = ("password-too-plain", "The password repeats a few characters. Choose another.")
    COMPOSITION = (
        "password-composition",
        "The password needs an upper-case and a lower-case letter, a digit and a sign.",
    )

    @property
    def code(self) -> str:
        """The code for programs."""
        return self.value[0]

    @property
    def text(self) -> str:
        """The sentence to show."""
        return self.value[1]


class WeakPasswordError(PublicError):
    """A new password that is not accepted (422); the sentence of the answer is that of the `problem`."""

    refusal: ClassVar[Refusal] = Refusal(422, "weak-password", "The password is not accepted.")
    status = 422

    def __init__(self, problem: PasswordProblem) -> None:
        """Keep the problem; its code is the cause for the log."""
        super().__init__(problem.code)
        self.problem = problem
        self.refusal = _REFUSALS[problem]  # type: ignore[misc]  # as fixed as the class's: one for each problem


_REFUSALS: Final = {problem: Refusal(422, problem.code, problem.text) for problem in PasswordProblem}


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPolicy:
    """Lengths in characters, the words of the site, and who knows the breached passwords.

    `shortest` is 15; set 12, the floor, where a second factor is always asked for. `longest` is at least 64.
    `unsafe_composition` asks for four kinds of characters, for rules from elsewhere that still demand it: NIST and ASVS
    6.2.5 forbid it. Raises `ConfigError`.
    """

    shortest: int = SHORTEST_ALONE
    longest: int = LONGEST
    site: tuple[str, ...] = ()
    breached: BreachedPasswords = field(default_factory=ShippedList)
    unsafe_composition: bool = False

    def __post_init__(self) -> None:
        """Refuse lengths below the floors."""
        if self.shortest < SHORTEST_WITH_FACTOR or self.longest < max(_LEAST_LONGEST, self.shortest):
            raise ConfigError(
                f"a password policy of {self.shortest} to {self.longest} characters is too narrow.",
                hint=f"Ask for at least {SHORTEST_WITH_FACTOR} characters and allow at least {_LEAST_LONGEST}.",
                code="password-policy",
            )
        if isinstance(self.site, str):
            raise ConfigError("site must be a tuple.", hint='Write site=("notes",).', code="policy-type")

    def check(self, password: str | Secret[str], words: Iterable[str] = ()) -> None:
        """Raise `WeakPasswordError` unless `password` is accepted. `words` are the login, the address, the names."""
        problem = self.judge(password, words)
        if problem is not None:
            raise WeakPasswordError(problem)

    def judge(self, password: str | Secret[str], words: Iterable[str] = ()) -> PasswordProblem | None:
        """What is wrong with `password`, for forms that show it themselves; None when it is accepted."""
        plain = password.reveal() if isinstance(password, Secret) else password
        if len(plain) > self.longest:
            return PasswordProblem.TOO_LONG
        folded = _fold(plain)
        if min(len(unicodedata.normalize("NFC", plain)), len(plain)) < self.shortest:
            return PasswordProblem.TOO_SHORT
        if len(set(folded)) < _FEWEST_DIFFERENT:
            return PasswordProblem.TOO_PLAIN
        if _leans_on(folded, (*self.site, *words)):
            return PasswordProblem.CONTEXT
        if self.unsafe_composition and not _is_composed(plain):
            return PasswordProblem.COMPOSITION
        return PasswordProblem.BREACHED if self.breached.contains(plain) else None


def _leans_on(folded: str, words: Iterable[str]) -> bool:
    """Whether fewer than 8 characters are left without the words: a long phrase may well hold a name."""
    rest = folded
    for word in sorted(set(_split(words)), key=len, reverse=True):
        rest = rest.replace(word, "")
    return rest != folded and len(rest) < _LEAST_REST


def _split(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        folded = _fold(word)
        parts = [folded, *folded.split("@", 1), *_WORD.findall(folded)]
        yield from (part for part in parts if len(part) >= _SHORTEST_WORD)


def _is_composed(password: str) -> bool:
    kinds = (str.isupper, str.islower, str.isdigit, lambda sign: not sign.isalnum())
    return all(any(kind(sign) for sign in password) for kind in kinds)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
