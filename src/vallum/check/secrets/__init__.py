"""Secrets in text: by the formats of providers, by syntax and by name. Entropy alone never alarms."""
