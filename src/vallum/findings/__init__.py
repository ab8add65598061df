"""Floor 2: what a rule or a probe saw, the verdict it leads to, and the formats in which people read it."""
