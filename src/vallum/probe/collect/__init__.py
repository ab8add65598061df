"""The only network code of the probe: transports, budget, cookies, logins, discovery, recording."""
