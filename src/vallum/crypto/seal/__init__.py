"""Sealing of small values at rest: AES-256-GCM with a key id, a context and a ring of keys (NIST SP 800-38D)."""
