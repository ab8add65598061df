"""Hand a TOTP secret to an authenticator app: as `otpauth:` address, as text to type, and as QR code drawn here.

The address format is the Key Uri Format of Google Authenticator, which the apps share. The picture is inline SVG, so
that the secret goes to no outside service (ASVS 14.2.3). Send all three once, in a response with `Cache-Control:
no-store`.
"""

import io
from base64 import b32encode
from importlib import import_module
from typing import Final
from urllib.parse import quote, urlencode

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.crypto.otp.totp import Totp

_LONGEST_NAME: Final = 120


def write_secret(secret: Secret[bytes]) -> Secret[str]:
    """Return the secret in base32 without padding, as apps want it typed."""
    return Secret(b32encode(secret.reveal()).decode("ascii").rstrip("="))


def write_address(secret: Secret[bytes], *, issuer: str, account: str, totp: Totp | None = None) -> Secret[str]:
    """Return the `otpauth://totp/` address. `issuer` and `account` are what the app shows.

    Raises `ConfigError` for a name that is empty, longer than 120 characters, or has a colon, which parts the two.
    """
    for name in (issuer, account):
        if not name or len(name) > _LONGEST_NAME or ":" in name or not name.isprintable():
            raise ConfigError(
                "issuer and account of a TOTP address have 1 to 120 printable characters and no colon.",
                code="totp-name",
            )
    settings = totp or Totp()
    query = {
        "secret": write_secret(secret).reveal(),
        "issuer": issuer,
        "algorithm": settings.digest,
        "digits": settings.digits,
        "period": settings.step_seconds,
    }
    return Secret(f"otpauth://totp/{quote(issuer)}:{quote(account)}?{urlencode(query, quote_via=quote)}")


def draw_qr(address: Secret[str], *, title: str = "QR code for your authenticator app", scale: int = 4) -> Secret[str]:
    """Return the address as one inline `<svg>` element without script, style or link, safe under any policy.

    Needs `pip install "vallum[identity]"`; raises `ConfigError` without it.
    """
    try:
        segno = import_module("segno")
    except ImportError:
        raise ConfigError(
            "QR codes need segno.", hint='Run pip install "vallum[identity]".', code="missing-extra"
        ) from None
    picture = io.BytesIO()
    code = segno.make(address.reveal(), error="m", micro=False)
    code.save(picture, kind="svg", xmldecl=False, scale=scale, title=title, light="#fff", svgclass=None, lineclass=None)
    return Secret(picture.getvalue().decode("utf-8").strip())
