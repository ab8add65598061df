"""TLS contexts: 1.2 at least, forward-secret AEAD suites, and always the peer's certificate and name.

    context = client_context()                               # for httpx2, asyncpg, smtplib, aiohttp, ...
    context = client_context(ca_file="internal-ca.pem")      # a private authority, in addition to none other
    context = server_context("cert.pem", "key.pem")

Sources: CWE-295, CWE-326; RFC 9325, ASVS 12.1.1, 12.1.2, 12.3.2.
"""

import os
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final

from vallum.base.errors import ConfigError

KEEPS: Final = ("tls-minimum", "tls-verified")
SUITES: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2; those of 1.3 are all forward-secret AEAD."""
_Place = str | os.PathLike[str]


def client_context(
    *, ca_file: _Place | None = None, certificate: _Place | None = None, key: _Place | None = None
) -> ssl.SSLContext:
    """Return a context that verifies chain and host name, against the system's authorities or those in `ca_file` alone.

    `certificate` and `key` are the client's own, for mutual TLS. No environment variable changes what is trusted.
    Raises `ConfigError` for files that are missing or no certificates.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _strengthen(context)
    if ca_file is None:
        _load_system(context)
    else:
        _load(lambda: context.load_verify_locations(cafile=os.fspath(ca_file)), "certificates of an authority", ca_file)
    if certificate is not None:
        _load(lambda: context.load_cert_chain(certificate, key), "certificate and key of the client", certificate)
    return context


def server_context(certificate: _Place, key: _Place, *, client_ca: _Place | None = None) -> ssl.SSLContext:
    """Return a context for a server. With `client_ca`, clients must show a certificate of that authority.

    Raises `ConfigError` for files that are missing or do not belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _strengthen(context)
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE | ssl.OP_NO_RENEGOTIATION
    _load(lambda: context.load_cert_chain(certificate, key), "certificate and key of the server", certificate)
    if client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        _load(
            lambda: context.load_verify_locations(cafile=os.fspath(client_ca)),
            "certificates of an authority",
            client_ca,
        )
    return context


def check_context(context: ssl.SSLContext) -> None:
    """Raise `ConfigError` when a client's context, of whatever origin, would accept an older protocol or any peer."""
    if context.minimum_version < ssl.TLSVersion.TLSv1_2:
        raise ConfigError("a TLS context accepts less than TLS 1.2.", hint="Use client_context().", code="tls-old")
    if context.verify_mode is not ssl.CERT_REQUIRED or not context.check_hostname:
        raise ConfigError(
            "a TLS context does not verify its peer.", hint="Use client_context(ca_file=...).", code="tls-unverified"
        )


def _strengthen(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(SUITES)
    context.options |= ssl.OP_NO_COMPRESSION


def _load_system(context: ssl.SSLContext) -> None:
    # Not load_default_certs(): it lets SSL_CERT_FILE and SSL_CERT_DIR say who is trusted.
    paths = ssl.get_default_verify_paths()
    file = Path(paths.openssl_cafile)
    folder = Path(paths.openssl_capath)
    if file.is_file():
        context.load_verify_locations(cafile=str(file))
    if folder.is_dir():
        context.load_verify_locations(capath=str(folder))
    if not file.is_file() and not folder.is_dir():
        raise ConfigError(
            "this system has no certificates of authorities.",
            hint="Install ca-certificates, or give ca_file.",
            code="tls-no-ca",
        )


def _load(load: Callable[[], None], what: str, place: _Place) -> None:
    try:
        load()
    except (OSError, ssl.SSLError):
        raise ConfigError(
            f"the {what} cannot be read from {os.fspath(place)}.",
            hint="Give PEM files that belong together.",
            code="tls-file",
        ) from None
