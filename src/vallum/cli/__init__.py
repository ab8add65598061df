"""Floor 5: one short file for each verb."""
