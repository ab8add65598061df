"""The WSGI wrapper: the same core as for ASGI, without an event loop."""
