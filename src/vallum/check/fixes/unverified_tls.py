"""`verify=False` becomes `verify=True`."""

from typing import Final

from vallum.check.flow.rewrite import Rewrite, flip_keyword

REWRITE: Final = Rewrite(source="unverified-tls", edit=lambda call: flip_keyword(call, "verify", to=True))
