"""The guard's layers, and the switch that takes one away in a test, so that the layer behind it must show (CWE-653).

    policy = GuardPolicy(environment=Environment.TEST, unsafe_without=frozenset({Layer.CSRF_TOKEN}))

Only the environment `test` takes the switch, so that no deployment runs without a layer by mistake.
"""

from collections.abc import Callable, Iterable
from enum import Enum
from typing import TYPE_CHECKING, Final

from vallum.base.errors import ConfigError

if TYPE_CHECKING:
    from vallum.guard.exchange import Exchange

KEEPS: Final = ("defence-in-depth",)

Pair = tuple[bytes, bytes]
Build = Callable[["Exchange", Iterable[Pair]], list[Pair]]


class Layer(Enum):
    """A layer of the guard behind which another one stands."""

    CSRF_EVIDENCE = "csrf-evidence"
    """Fetch Metadata and Origin; behind it the token and the SameSite cookie."""
    CSRF_TOKEN = "csrf-token"  # noqa: S105 - the name of a layer
    """The token; behind it the evidence of the browser."""
    PERMISSIONS = "permissions"
    """What routes declare; behind it what the app decides for the object itself."""
    CONTENT_SECURITY_POLICY = "content-security-policy"
    """Behind it, for scripts, what templates escape; for frames, the header."""
    FRAME_OPTIONS = "x-frame-options"
    """Behind it, the `frame-ancestors` of the policy."""
    NOSNIFF = "x-content-type-options"
    """Behind it, the type that is checked when a file is taken."""


_HEADERS: Final = frozenset({Layer.CONTENT_SECURITY_POLICY, Layer.FRAME_OPTIONS, Layer.NOSNIFF})


def check_switch(without: object, *, in_tests: bool) -> None:
    """Raise `ConfigError` for what is no set of layers, and for any that is taken away outside of tests."""
    if not isinstance(without, frozenset) or not all(isinstance(layer, Layer) for layer in without):
        raise ConfigError(
            "unsafe_without must be a frozenset of layers.",
            hint="For example unsafe_without=frozenset({Layer.CSRF_TOKEN}).",
            code="layers-type",
        )
    if without and not in_tests:
        raise ConfigError(
            "unsafe_without takes layers away, and the environment is not test.",
            hint="Leave it out, or say environment=Environment.TEST in the test.",
            code="layers-off",
        )


def trust_site(exchange: "Exchange") -> None:
    """The step that stands in for the evidence of the browser where that layer is away."""
    exchange.same_site = True


def withhold(without: frozenset[Layer], build: Build) -> Build:
    """`build` itself, or one that leaves out the headers of the layers that are away."""
    names = {layer.value.encode("ascii") for layer in without & _HEADERS}
    if not names:
        return build
    return lambda exchange, given: [pair for pair in build(exchange, given) if pair[0] not in names]
