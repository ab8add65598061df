"""Floor 2: small storage protocols and their implementations."""
