"""`python -m examples.notes.leaky` serves the app."""

import uvicorn

uvicorn.run("examples.notes.leaky:app", host="0.0.0.0", port=8000, reload=True)
