"""Floor 2: small store protocols, and stores in memory and SQLite."""
