"""The policies of the fixed headers."""

from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.http.headers import ONE_YEAR, HeaderPolicy, HstsPolicy


def test_hsts() -> None:
    assert HstsPolicy().render() == "max-age=31536000; includeSubDomains"
    assert HstsPolicy(max_age=2 * ONE_YEAR, preload=True).render() == "max-age=63072000; includeSubDomains; preload"


def test_permissions_are_a_structured_field() -> None:
    policy = HeaderPolicy(permissions={"geolocation": ("self", "https://maps.example"), "camera": ()})
    rendered = policy.render_permissions()
    assert 'geolocation=(self "https://maps.example")' in rendered
    assert "camera=()" in rendered
    assert "microphone=()" in rendered


@pytest.mark.parametrize(
    "build",
    [
        lambda: HstsPolicy(max_age=ONE_YEAR - 1),
        lambda: HeaderPolicy(referrer="unsafe-url"),
        lambda: HeaderPolicy(referrer="origin-when-cross-origin"),
        lambda: HeaderPolicy(opener="unsafe-none"),
        lambda: HeaderPolicy(resource=""),
        lambda: HeaderPolicy(embedder="unsafe-none"),
        lambda: HeaderPolicy(permissions={"camera": ("*",)}),
        lambda: HeaderPolicy(permissions={"camera": "self"}),
        lambda: HeaderPolicy(permissions={"camera 'self'": ()}),
        lambda: HeaderPolicy(permissions={"camera": ("'self'",)}),
    ],
)
def test_weak_policies_cannot_be_built(build: Any) -> None:
    with pytest.raises(ConfigError):
        build()


@pytest.mark.parametrize("value", ["require-corp", "credentialless"])
def test_isolation_from_embedded_sites_is_sent_when_asked(value: str) -> None:
    assert (b"cross-origin-embedder-policy", value.encode()) in HeaderPolicy(embedder=value).compile(secure=True)
    assert not any(b"embedder" in name for name, _ in HeaderPolicy().compile(secure=True))
