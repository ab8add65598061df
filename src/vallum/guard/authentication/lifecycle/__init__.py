"""The life of an account: registration, proofs by mail, reset, changes, invitations, end. One file for each."""
