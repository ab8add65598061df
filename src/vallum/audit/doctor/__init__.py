"""The doctor: what production would refuse of an app, and what the proxy in front of a running one seems to do."""
