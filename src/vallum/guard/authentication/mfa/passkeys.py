"""Passkeys: registered, used as second factor or alone with autofill; the challenge is good once, in one browser.

    options = PASSKEYS.offer(account, current().record, browser=current().session_id)     # for credentials.create()
    PASSKEYS.register(account, current().record, answer, browser=current().session_id)
    options = PASSKEYS.challenge(browser=cookie)                                          # for credentials.get()
    account = PASSKEYS.authenticate(answer, browser=cookie)

Signatures and attestations are checked by the library webauthn (`pip install "vallum[identity]"`). Sources: WebAuthn
Level 3, sections 7.1 and 7.2; ASVS 6.3.3, 6.5.1.
"""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, ClassVar, Final

from vallum.base.errors import ConfigError
from vallum.guard.authentication.lifecycle.desk import digest_of
from vallum.guard.authentication.login_failure import LoginFailedError, LoginFailure
from vallum.guard.authentication.login_limits import LoginLimits
from vallum.guard.authentication.mfa.factor_desk import FactorDesk
from vallum.guard.authentication.mfa.relying_party import RelyingParty
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import Refusal
from vallum.stores.accounts import AccountRecord
from vallum.stores.factors import FactorRecord
from vallum.stores.proofs import ProofRecord
from vallum.stores.sessions import SessionRecord

REGISTRATION: Final = "passkey-registration"
AUTHENTICATION: Final = "passkey-authentication"
CHALLENGE_BYTES: Final = 32
CHALLENGE_SECONDS: Final = 300
_LONGEST_ANSWER: Final = 65_536
_TRANSPORTS: Final = frozenset({"usb", "nfc", "ble", "smart-card", "hybrid", "internal"})


class PasskeyRefusedError(PublicError):
    """A registration that was tampered with, came late, twice, or from another origin (400)."""

    refusal: ClassVar[Refusal] = Refusal(400, "passkey-refused", "The passkey was not added. Try again.")
    status = 400


@dataclass(frozen=True, kw_only=True)
class Passkeys:
    """Any number of passkeys for an account, each of which also logs in alone: the authenticator verifies the user.

    `browser` is the secret of a `__Host-` cookie: the session id, the half login, or for a visitor one of 256 random
    bits that you set. A counter that stays at 0 is accepted, as synchronised passkeys have it; one that goes back is
    refused.
    """

    desk: FactorDesk
    party: RelyingParty
    limits: LoginLimits = field(default_factory=lambda: LoginLimits("passkey"))

    def offer(self, account: AccountRecord, session: SessionRecord | None, *, browser: str) -> dict[str, Any]:
        """The options for `navigator.credentials.create`, by `parseCreationOptionsFromJSON`.

        Raises the challenge of the step-up (403) and `FactorLimitError` (409).
        """
        self.desk.reserve(account, session, "")
        return {
            "rp": {"id": self.party.id, "name": self.desk.issuer},
            "user": {
                "id": encode(_handle(account.id)),
                "name": account.login or account.email,
                "displayName": account.login or account.email,
            },
            "challenge": self._issue(REGISTRATION, browser, account.id),
            "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in (-8, -7, -257)],
            "timeout": CHALLENGE_SECONDS * 1000,
            "excludeCredentials": self._describe(account.id),
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": True,
                "userVerification": "required",
            },
            "attestation": "none",
        }

    def register(
        self, account: AccountRecord, session: SessionRecord | None, answer: str, *, browser: str, name: str = ""
    ) -> FactorRecord:
        """Keep the passkey that `answer`, the credential's `toJSON()` as text, holds; tell the owner.

        Raises `PasskeyRefusedError` (400) and the challenge of the step-up (403).
        """
        shown = self.desk.reserve(account, session, name)
        try:
            credential = _read(answer)
            proof = self._consume(REGISTRATION, credential, browser)
            if proof is None or proof.account_id != account.id:
                raise PasskeyRefusedError("no such challenge")
            verified = self._library().verify_registration_response(
                credential=credential,
                expected_challenge=_decode(_challenge_of(credential)),
                expected_rp_id=self.party.id,
                expected_origin=list(self.party.origins),
                require_user_verification=True,
            )
        except self._failures() as error:
            raise PasskeyRefusedError(type(error).__name__) from None
        record = FactorRecord(
            id=encode(verified.credential_id),
            account_id=account.id,
            kind="passkey",
            name=shown,
            secret=verified.credential_public_key,
            state="active",
            counter=verified.sign_count,
            created=self.desk.desk.clock(),
            data={"transports": _transports(credential), "backed_up": verified.credential_backed_up},
        )
        if not self.desk.factors.add(record):
            raise PasskeyRefusedError("the credential is known")
        self.desk.conclude(account, session, change="passkey-added", letter="factor-added")
        return record

    def challenge(self, *, browser: str, account: AccountRecord | None = None) -> dict[str, Any]:
        """The options for `navigator.credentials.get()`; without `account` for any passkey, with autofill.

        Give `account` only when its password or session was shown: the list of its passkeys tells that it exists.
        """
        return {
            "challenge": self._issue(AUTHENTICATION, browser, account.id if account is not None else ""),
            "rpId": self.party.id,
            "timeout": CHALLENGE_SECONDS * 1000,
            "allowCredentials": self._describe(account.id) if account is not None else [],
            "userVerification": "required",
        }

    def authenticate(self, answer: str, *, browser: str, client: str | None = None) -> AccountRecord:
        """Log in by a passkey alone: return whom to sign in, then call `note_factor()`.

        Raises `LoginFailedError` (401), the same for all causes, and `RateLimitedError` (429).
        """
        self.limits.take_now(browser, client=client)
        record = self._prove(answer, browser, "")
        account = self.desk.desk.accounts.find(record.account_id) if record is not None else None
        if account is None or not account.is_active:
            cause = LoginFailure.WRONG_SECOND_FACTOR if account is None else LoginFailure.DISABLED
            raise LoginFailedError(cause, account=account.id if account is not None else "")
        return account

    def verify(self, account: AccountRecord, answer: str, *, browser: str = "") -> bool:
        """Tell whether `answer` is by a passkey of the account. Ask through `SecondFactor`, which limits."""
        return self._prove(answer, browser, account.id) is not None

    def _prove(self, answer: str, browser: str, account_id: str) -> FactorRecord | None:
        try:
            credential = _read(answer)
            proof = self._consume(AUTHENTICATION, credential, browser)
            record = self.desk.factors.find(str(credential.get("id", "")))
            if proof is None or proof.account_id != account_id or not _is_usable(record, credential, account_id):
                return None
            verified = self._library().verify_authentication_response(
                credential=credential,
                expected_challenge=_decode(_challenge_of(credential)),
                expected_rp_id=self.party.id,
                expected_origin=list(self.party.origins),
                credential_public_key=record.secret if record is not None else b"",
                credential_current_sign_count=record.counter if record is not None else 0,
                require_user_verification=True,
            )
        except self._failures():
            return None
        if record is None or not self.desk.factors.advance(record.id, verified.new_sign_count, self.desk.desk.clock()):
            return None
        return record

    def _issue(self, purpose: str, browser: str, account_id: str) -> str:
        if not browser:
            raise ConfigError("a challenge is bound to a browser.", hint="Give it a cookie.", code="passkey-browser")
        desk = self.desk.desk
        challenge, now = encode(desk.randomness(CHALLENGE_BYTES)), desk.clock()
        record = ProofRecord(
            digest=digest_of(challenge),
            purpose=purpose,
            account_id=account_id,
            created=now,
            deadline=now + CHALLENGE_SECONDS,
            browser=digest_of(browser),
        )
        if not desk.proofs.put(record):
            raise PasskeyRefusedError("a challenge came twice")
        return challenge

    def _consume(self, purpose: str, credential: dict[str, Any], browser: str) -> ProofRecord | None:
        desk, digest = self.desk.desk, digest_of(_challenge_of(credential))
        return desk.proofs.consume(digest, purpose, desk.clock(), browser=digest_of(browser))

    def _describe(self, account_id: str) -> list[dict[str, Any]]:
        known = [one for one in self.desk.list(account_id) if one.kind == "passkey"]
        return [{"type": "public-key", "id": one.id, "transports": one.data.get("transports", [])} for one in known]

    def _library(self) -> Any:
        try:
            return import_module("webauthn")
        except ImportError:
            hint = 'Run pip install "vallum[identity]".'
            raise ConfigError("passkeys need webauthn.", hint=hint, code="missing-extra") from None

    def _failures(self) -> tuple[type[Exception], ...]:
        self._library()
        failure: type[Exception] = import_module("webauthn.helpers.exceptions").WebAuthnException
        return failure, KeyError, TypeError, ValueError


def encode(raw: bytes) -> str:
    """Base64url without padding, as WebAuthn writes bytes in JSON."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _handle(account_id: str) -> bytes:
    """The user handle: opaque, so that no authenticator keeps who it is (WebAuthn Level 3, section 14.6.1)."""
    return hashlib.sha256(f"vallum user handle\0{account_id}".encode()).digest()


def _read(answer: str) -> dict[str, Any]:
    if len(answer) > _LONGEST_ANSWER:
        raise ValueError("too long")
    read = json.loads(answer)
    if not isinstance(read, dict) or not isinstance(read.get("response"), dict):
        raise TypeError("no credential")
    return read


def _challenge_of(credential: dict[str, Any]) -> str:
    told = json.loads(_decode(str(credential["response"]["clientDataJSON"])))
    if not isinstance(told, dict) or told.get("crossOrigin") or "topOrigin" in told:
        raise ValueError("no client data, or of a page in a frame of another site")
    return str(told["challenge"])


def _transports(credential: dict[str, Any]) -> list[str]:
    told = credential["response"].get("transports", [])
    return sorted(_TRANSPORTS & {one for one in told if isinstance(one, str)}) if isinstance(told, list) else []


def _is_usable(record: FactorRecord | None, credential: dict[str, Any], account_id: str) -> bool:
    """An active passkey, of the account that is asked for, whose user handle is the account's where one came."""
    if record is None or (record.kind, record.state) != ("passkey", "active"):
        return False
    handle = credential["response"].get("userHandle")
    return account_id in {"", record.account_id} and handle in {None, "", encode(_handle(record.account_id))}
