"""Accounts from other systems, with the hashes that they have: each is replaced at its owner's next login."""
