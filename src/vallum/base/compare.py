"""Comparison that takes the same time wherever two values differ (CWE-208, ASVS 11.2.4)."""

import hmac


def equal(left: str | bytes, right: str | bytes) -> bool:
    """Tell whether two secrets are the same, without telling by timing how much of them is."""
    return hmac.compare_digest(_encode(left), _encode(right))


def _encode(value: str | bytes) -> bytes:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
