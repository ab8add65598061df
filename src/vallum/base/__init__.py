"""Floor 0: errors, clock, randomness, constant-time comparison, Secret. Standard library only, no I/O."""
