"""`python -m examples.notes.sound` serves the app to this machine alone."""

import uvicorn

from .app import app

uvicorn.run(app, host="127.0.0.1", port=8000, server_header=False, proxy_headers=False)
