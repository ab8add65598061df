"""The ASGI wrapper: owns every wait, holds errors back, seals what no gate has judged."""
