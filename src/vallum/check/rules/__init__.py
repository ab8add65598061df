"""The folder is the registry: `<area>/<sin>.py` builds one `RULE`."""
