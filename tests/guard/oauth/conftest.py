"""A client and the small issuer of tests/issuer.py for many negative cases; test_real_provider.py has a real one."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.issuer import CLIENT, ISSUER, FakeIssuer, sign
from vallum.base.secret import Secret
from vallum.guard.oauth.client import OAuthClient
from vallum.guard.oauth.client_secret import SecretBasic
from vallum.guard.oauth.provider import Provider
from vallum.guard.oauth.refusals import SignInRefusedError
from vallum.stores.memory.proofs import MemoryProofs

START = 1_800_000_000.0
SECRET = "a-client-secret-of-the-tests"
ORIGIN = "https://app.example"


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


class Kit:
    """A client and its issuer; `arrive` is a whole sign-in with whatever the issuer does wrong."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.issuer = FakeIssuer(self.clock)
        self.proofs = MemoryProofs()
        self.client = self.build()

    def build(self, **changed: Any) -> OAuthClient:
        providers = [self.provider()]
        settings: dict[str, Any] = {"origin": ORIGIN, "store": self.proofs, "sender": self.issuer, "clock": self.clock}
        return OAuthClient(changed.pop("providers", providers), **settings | changed)

    def provider(self, **changed: Any) -> Provider:
        settings: dict[str, Any] = {
            "name": "fake",
            "issuer": ISSUER,
            "client_id": CLIENT,
            "authentication": SecretBasic(Secret(SECRET)),
        }
        return Provider(**settings | changed)

    def arrive(self, **changed: str) -> Any:
        departure = self.client.begin("fake")
        return self.client.finish("fake", self.issuer.authorize(departure.url, **changed), browser=departure.browser)

    def cause(self, act: Callable[[], Any]) -> str:
        """Why `act` is refused; the answer to the user is checked to be the one of all."""
        with pytest.raises(SignInRefusedError) as caught:
            act()
        assert caught.value.refusal.code == "sign-in-refused"
        assert caught.value.refusal.status == 400
        return caught.value.cause


@pytest.fixture
def kit() -> Kit:
    return Kit()


@pytest.fixture
def signer() -> Callable[..., str]:
    """`signer(key, claims)` signs whatever it is given."""
    return sign
