"""`run(debug=True)` becomes `run(debug=False)`."""

from typing import Final

from vallum.check.flow.rewrite import Rewrite, flip_keyword

REWRITE: Final = Rewrite(source="debug-enabled", edit=lambda call: flip_keyword(call, "debug", to=False))
