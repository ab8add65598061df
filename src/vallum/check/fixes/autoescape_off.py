"""`Environment(autoescape=False)` becomes `Environment(autoescape=True)`."""

from typing import Final

from vallum.check.flow.rewrite import Rewrite, flip_keyword

REWRITE: Final = Rewrite(source="autoescape-off", edit=lambda call: flip_keyword(call, "autoescape", to=True))
