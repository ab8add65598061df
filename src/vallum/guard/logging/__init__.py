"""Security events as typed values, one JSON line each."""
