"""Floor 4: the ledger, which knows who guards, watches and proves each control, and the verdicts."""
