"""Floor 3: static analysis. read -> flow -> taint -> rule -> rules; knowledge is data."""
