"""Sessions: server-side, opaque, rotated at login, bound to a CSRF token."""
