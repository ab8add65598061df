"""Floor 1: the catalogue. `controls/<area>/<control-id>.md` is the registry; `control` reads it."""
