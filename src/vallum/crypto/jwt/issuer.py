"""Issue tokens that live for minutes and tell nothing about a person (RFC 7519, RFC 9068, ASVS 9.2)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from vallum.base.errors import ConfigError
from vallum.base.randomness import SYSTEM_RANDOMNESS, Randomness, token
from vallum.crypto.jwt.claims import REGISTERED, ClaimsPolicy
from vallum.crypto.jwt.compact import encode_segment, write_segment
from vallum.crypto.jwt.keys import SigningKey
from vallum.crypto.jwt.verifier import write_head

DEFAULT_LIFE: Final = 900
_SENSITIVE: Final = re.compile(
    r"[^@\s]+@[^@\s]+\.[^@\s]+"  # an address of mail
    r"|-----BEGIN|\b(?:sk|pk|rk)_(?:live|test)_|\bgh[pousr]_\w{20}|\bAKIA[0-9A-Z]{16}|\beyJ[\w-]+\.[\w-]+\."  # a key
    r"|(?<![\d.])(?:(?:10|127)(?:\.\d{1,3}){3}|(?:192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2})(?![\d.])"
)
_CARD: Final = re.compile(r"(?<!\d)(?:\d[ -]?){12,18}\d(?!\d)")
_PERSONAL: Final = re.compile(
    r"pass(?:word|wd|phrase|code)|secret|api_?key|private_?key|credential|e?_?mail|phone|mobile|address|birth|ssn"
    r"|tax_?id|iban|card|cvv|(?:given|family|first|last|full|user|nick|middle)_?name|^name$|^pin$|otp|mfa|token(?!_use)",
    re.IGNORECASE,
)
_SHORTEST_CARD, _LONGEST_CARD = 10**12, 10**19


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Signs the tokens of one kind. `allowed_claims` are the names beside the registered ones that may be added.

    A name that tells of a secret or a person, such as `email`, is taken in `unsafe_claims` only, and its values are not
    looked at. Raises `ConfigError` for a life of more than the policy allows, and for a list that holds a registered
    claim or, in `allowed_claims`, a name of that kind.
    """

    key: SigningKey
    policy: ClaimsPolicy
    life: int = DEFAULT_LIFE
    allowed_claims: Iterable[str] = ("scope", "roles")
    unsafe_claims: Iterable[str] = ()
    randomness: Randomness = SYSTEM_RANDOMNESS

    def __post_init__(self) -> None:
        """Check and freeze the settings."""
        if not 0 < self.life <= self.policy.longest_life:
            raise ConfigError(f"a token lives 1 to {self.policy.longest_life} s, not {self.life}.", code="token-policy")
        allowed, unsafe = frozenset(self.allowed_claims), frozenset(self.unsafe_claims)
        if own := (allowed | unsafe) & REGISTERED:
            raise ConfigError(
                f"allowed_claims holds {min(own)}, which the issuer alone writes.",
                hint="Leave it out: the time, the audience and the kind of a token follow from the policy.",
                code="claim-registered",
            )
        if personal := sorted(name for name in allowed if _PERSONAL.search(name)):
            raise ConfigError(
                f"allowed_claims holds {personal[0]}, which whoever sees the token can read.",
                hint="Look it up by the subject, or name it in unsafe_claims.",
                code="claim-sensitive",
            )
        object.__setattr__(self, "allowed_claims", allowed)
        object.__setattr__(self, "unsafe_claims", unsafe)

    def issue(
        self,
        subject: str,
        claims: Mapping[str, Any] | None = None,
        *,
        epoch: int | None = None,
        session: str = "",
        key_thumbprint: str = "",
    ) -> str:
        """Return a signed token for `subject`, an opaque id.

        `epoch`, `session` and `key_thumbprint` are those of `Claims`. Raises `ConfigError` for a claim whose name is
        not in a list, and for a value that looks like a mail address, card number, key or internal address: whoever
        holds a token can read it.
        """
        added = dict(claims or {})
        unknown = added.keys() - frozenset(self.allowed_claims) - frozenset(self.unsafe_claims)
        if unknown:
            raise ConfigError(f"the claim {min(unknown)} is not in allowed_claims.", code="claim-not-allowed")
        self._check_values(subject, added)
        if epoch is not None:
            added["epoch"] = epoch
        if session:
            added["sid"] = session
        if key_thumbprint:
            added["cnf"] = {"jkt": key_thumbprint}
        return self._sign(subject, added)

    def _check_values(self, subject: str, added: dict[str, Any]) -> None:
        for name, value in {"sub": subject, **added}.items():
            texts = () if name in frozenset(self.unsafe_claims) else _list_texts(value)
            # Some ids are long numbers: a subject may look like a card, a claim may not.
            if any(_SENSITIVE.search(text) or (name != "sub" and _CARD.search(text)) for text in texts) or not subject:
                raise ConfigError(
                    f"the claim {name} holds nothing or what a reader of the token must not see.",
                    hint="Use an opaque id, and look the rest up by it.",
                    code="claim-sensitive",
                )

    def _sign(self, subject: str, added: dict[str, Any]) -> str:
        policy = self.policy
        now = int(policy.clock())
        claims = {
            "iss": policy.issuer,
            "sub": subject,
            "aud": policy.audience,
            "iat": now,
            "nbf": now,
            "exp": now + self.life,
            "jti": token(16, randomness=self.randomness),
            "token_use": policy.token_use,
            **added,
        }
        signed = f"{write_head(self.key, policy.token_type)}.{write_segment(claims)}"
        return f"{signed}.{encode_segment(self.key.sign(signed.encode('ascii')))}"


def _list_texts(value: object) -> list[str]:
    if isinstance(value, Mapping):
        return [text for pair in value.items() for item in pair for text in _list_texts(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in _list_texts(item)]
    if isinstance(value, int | float) and _SHORTEST_CARD <= value < _LONGEST_CARD:
        digits = str(int(value))
        # Cards begin with 2 to 6 (ISO/IEC 7812); a time in milliseconds begins with 1.
        return [digits] if digits[0] in "23456" else []
    return [value] if isinstance(value, str) else []
