"""A passkey in software: what an authenticator signs, with every part open to tampering."""

import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import encode_cbor

from vallum.guard.authentication.mfa.passkeys import encode
from vallum.stores.factors import FactorRecord


class SoftAuthenticator:
    """One P-256 credential for one site. `record` is what its registration would have stored.

    `flags` say that the user was there (1) and was verified (4).
    """

    def __init__(self, origin: str, party: str, *, name: str = "soft") -> None:
        self.key = generate_private_key(SECP256R1())
        self.origin, self.party = origin, party
        self.id = encode(hashlib.sha256(name.encode()).digest())
        self.count = 0
        self.flags = b"\x05"

    def record(self, account_id: str) -> FactorRecord:
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        public = encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        return FactorRecord(
            id=self.id, account_id=account_id, kind="passkey", secret=public, state="active", created=1.0
        )

    def answer(self, challenge: str, /, **told: Any) -> str:
        """What `navigator.credentials.get()` brings back, as text; `told` changes the client data."""
        self.count += 1
        client = {"type": "webauthn.get", "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        client_data = json.dumps(client | told).encode()
        data = hashlib.sha256(self.party.encode()).digest() + self.flags + self.count.to_bytes(4, "big")
        signature = self.key.sign(data + hashlib.sha256(client_data).digest(), ECDSA(SHA256()))
        response = {"authenticatorData": data, "clientDataJSON": client_data, "signature": signature}
        encoded = {name: encode(value) for name, value in response.items()}
        return json.dumps({"id": self.id, "rawId": self.id, "type": "public-key", "response": encoded})
