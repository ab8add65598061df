"""The policy builder: strict by default, and what it refuses to build."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.guard.output.csp import NONCE, NONE, SELF, STRICT_DYNAMIC, ContentSecurityPolicy

HASH = "'sha256-n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg='"


def test_the_default_is_strict() -> None:
    value = b"N0NCE".join(ContentSecurityPolicy().compile()).decode()
    assert value == (
        "default-src 'self'; script-src 'nonce-N0NCE' 'strict-dynamic'; style-src 'self' 'nonce-N0NCE'; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-src 'none'; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; upgrade-insecure-requests"
    )


def test_options() -> None:
    policy = ContentSecurityPolicy(
        script_src=(SELF, HASH, NONCE, "https://cdn.example/lib/"),
        worker_src=("blob:",),
        connect_src=(SELF, "wss://live.example:8443", "https://*.api.example"),
        style_src=(SELF, NONCE),
        trusted_types=True,
        report_to="csp",
        unsafe_inline_styles=True,
        unsafe_plain_requests=True,
    )
    value = policy.render()
    assert "style-src 'self' 'unsafe-inline';" in value
    assert value.endswith("require-trusted-types-for 'script'; report-to csp")
    assert "upgrade" not in value
    before, after = policy.compile()
    assert b"".join((before, b"*", after)) == value.encode()


@pytest.mark.parametrize(
    ("ancestors", "option"),
    [
        (("'none'",), b"DENY"),
        (("'self'",), b"SAMEORIGIN"),
        (("https://a.example",), None),
        (("'self'", "https://a.b"), None),
    ],
)
def test_frame_options_say_the_same(ancestors: Any, option: bytes | None) -> None:
    if ancestors == ("'self'", "https://a.b"):
        with pytest.raises(ConfigError):
            ContentSecurityPolicy(frame_ancestors=ancestors)
        return
    assert ContentSecurityPolicy(frame_ancestors=ancestors).frame_options == option


@pytest.mark.parametrize(
    "settings",
    [
        {"script_src": (SELF, "'unsafe-inline'")},
        {"script_src": (SELF, "'unsafe-eval'")},
        {"script_src": (SELF, "'unsafe-hashes'")},
        {"style_src": (SELF, "'unsafe-inline'")},
        {"default_src": ("'UNSAFE-INLINE'",)},
        {"script_src": ("*",)},
        {"script_src": ("https:",)},
        {"script_src": ("data:",)},
        {"script_src": ("http://cdn.example",)},
        {"script_src": ("cdn.example",)},
        {"script_src": ("'nonce-abc'",)},
        {"script_src": ("'nonce-{random}'",)},
        {"script_src": ("'self'; object-src *",)},
        {"script_src": ("https://a.b;object-src",)},
        {"script_src": ("https://a.b\r\nset-cookie:",)},
        {"script_src": ("'none'", SELF)},
        {"script_src": ()},
        {"script_src": SELF},
        {"object_src": (SELF,)},
        {"base_uri": ("https://a.example",)},
        {"frame_ancestors": ("https://*.example",)},
        {"frame_ancestors": ("https:",)},
        {"form_action": ()},
        {"report_to": "a b"},
        {"img_src": ("",)},
        {"img_src": ("https://*.example",)},
        {"script_src": (NONCE, "https://*.cdn.example")},
        {"script_src": (SELF,)},
        {"script_src": (SELF, HASH)},
        {"script_src": (STRICT_DYNAMIC,)},
        {"worker_src": ("https://*.cdn.example",)},
        {"form_action": (SELF, "https://*.pay.example")},
        {"default_src": ("https://cdn.example",), "connect_src": ()},
        {"default_src": (SELF, "https://cdn.example")},
        {"default_src": (NONCE, STRICT_DYNAMIC)},
        {"default_src": ()},
    ],
)
def test_weak_policies_cannot_be_built(settings: Any) -> None:
    with pytest.raises(ConfigError, match="Content-Security-Policy"):
        ContentSecurityPolicy(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"default_src": (NONE,), "connect_src": (), "font_src": ()},
        {"script_src": (NONE,)},
        {"script_src": (NONCE, "https://cdn.example")},
        {"form_action": (SELF, "https://pay.example")},
        {"img_src": (SELF, "https://*.pictures.example")},
    ],
)
def test_stricter_policies_and_named_hosts_can_be_built(settings: Any) -> None:
    value = ContentSecurityPolicy(**settings).render()
    for directive, sources in settings.items():
        stated = f"{directive.replace('_', '-')} {' '.join(sources)};".replace(NONCE, "'nonce-*'")
        assert (stated in value) is bool(sources)


@given(st.text(max_size=30))
def test_no_source_writes_a_second_directive(source: str) -> None:
    try:
        value = ContentSecurityPolicy(script_src=(NONCE, source)).render()
    except ConfigError:
        return
    assert value.count("script-src") == 1
    assert value.isascii()
    assert value.count(";") == ContentSecurityPolicy().render().count(";")
    assert "unsafe" not in value.replace("'wasm-unsafe-eval'", "")
    assert STRICT_DYNAMIC not in value or source == STRICT_DYNAMIC
