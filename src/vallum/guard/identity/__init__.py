"""Accounts, sessions and tokens of an app by one setting: `Guard(app, identity=Identity(...))`."""
