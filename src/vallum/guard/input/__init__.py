"""What comes in: parsed as data, mapped to declared types, never run."""
