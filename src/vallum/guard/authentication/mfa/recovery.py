"""Recovery codes: ten, shown once, kept as digests, each good once, replaced as a whole (ASVS 6.5.1, 6.5.2, 6.5.6).

A code stands in for the second factor, beside the password, and its use is told to the owner.
"""

import hashlib
import re
from base64 import b32encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from vallum.base.secret import Secret
from vallum.guard.authentication.mfa.factor_desk import FactorDesk
from vallum.guard.logging.vocabulary import SecondFactorChanged, note_event
from vallum.stores.accounts import AccountRecord
from vallum.stores.factors import FactorRecord
from vallum.stores.sessions import SessionRecord

KEEPS: Final = ("mfa-enrolment",)

CODES: Final = 10
CODE_BYTES: Final = 10
"""80 random bits: no search finds a code, so that a fast digest without salt hides it."""
_CODE: Final = re.compile(r"[A-Z2-7]{16}")
_LOOK_ALIKES: Final = str.maketrans({"0": "O", "1": "I", "8": "B", "-": "", " ": ""})


@dataclass(frozen=True, kw_only=True)
class RecoveryCodes:
    """Issues and checks. Nothing that is stored leads back to a code."""

    desk: FactorDesk

    def issue(self, account: AccountRecord, session: SessionRecord | None) -> Sequence[Secret[str]]:
        """Ten new codes to show once; all older ones die, other sessions end, the owner is told.

        Raises the challenge of the step-up (403).
        """
        self.desk.demand(account, session)
        randomness, now = self.desk.desk.randomness, self.desk.desk.clock()
        plain = [b32encode(randomness(CODE_BYTES)).decode("ascii") for _ in range(CODES)]
        records = [
            FactorRecord(
                id=_digest(account.id, code), account_id=account.id, kind="recovery", state="active", created=now
            )
            for code in plain
        ]
        self.desk.factors.replace(account.id, "recovery", records)
        self.desk.conclude(account, session, change="recovery-codes-replaced", letter="recovery-codes-new")
        return [Secret("-".join(re.findall("....", code))) for code in plain]

    def count(self, account_id: str) -> int:
        """How many codes are left: ask for new ones before the last is used."""
        return sum(one.kind == "recovery" for one in self.desk.list(account_id))

    def verify(self, account: AccountRecord, answer: str, *, browser: str = "") -> bool:
        """Tell whether `answer` is a code of the account, and use it up. Ask through `SecondFactor`, which limits."""
        del browser  # a printed code is bound to none
        code = answer.upper().translate(_LOOK_ALIKES)
        if not _CODE.fullmatch(code) or not self.desk.factors.consume(_digest(account.id, code)):
            return False
        note_event(SecondFactorChanged(account=account.id, change="recovery-code-used"))
        self.desk.desk.notify("recovery-code-used", account.email)
        return True


def _digest(account_id: str, code: str) -> str:
    """The id under which a code is kept: of this account only."""
    return hashlib.sha256(f"vallum recovery code\0{account_id}\0{code}".encode()).hexdigest()
