"""The request and response head: hosts, client address, limits, CORS, security headers."""
