"""Tokens that clients present: access tokens, their issue, check and refusal."""
