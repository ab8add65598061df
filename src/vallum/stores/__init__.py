"""Floor 2: small store protocols, and stores in memory, in SQL databases and in Valkey."""
