"""Requests that the server sends to addresses which users name: to public hosts only (CWE-918)."""
