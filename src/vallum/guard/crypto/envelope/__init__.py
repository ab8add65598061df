"""Envelope encryption: values under data keys, and data keys under a key that a service keeps (NIST SP 800-57)."""
