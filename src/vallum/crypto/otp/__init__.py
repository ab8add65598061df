"""One-time passwords: HOTP (RFC 4226) and TOTP (RFC 6238), the provisioning address and its QR code."""
