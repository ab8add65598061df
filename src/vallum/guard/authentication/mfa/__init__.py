"""Second factors: TOTP, recovery codes, passkeys, codes by mail, and the step-up that asks for one again."""
