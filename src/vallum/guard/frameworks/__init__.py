"""Thin adapters: where each framework knows its route, and how its templates read the nonce."""
