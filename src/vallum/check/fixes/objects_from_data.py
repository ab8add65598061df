"""`yaml.load(data)` becomes `yaml.safe_load(data)`, and a loader that builds any object becomes `SafeLoader`."""

from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.rewrite import Edit, Rewrite, replace_node

_LOADERS: Final = frozenset({"Loader", "UnsafeLoader", "FullLoader"})
"""Those of the library; what a loader of one's own reads is not ours to drop."""


def _edit(call: nodes.Call) -> Edit | None:
    function = call.function
    if not isinstance(function, nodes.Attribute) or not _is_library(function.base) or function.name != "load":
        return None
    if len(call.arguments) == 1 and not call.keywords:
        return replace_node(function, "yaml.safe_load")
    loaders = [*call.arguments[1:], *(value for name, value in call.keywords if name == "Loader")]
    loader = loaders[0] if len(loaders) == 1 and len(call.arguments) + len(call.keywords) == 2 else None
    if isinstance(loader, nodes.Attribute) and _is_library(loader.base) and loader.name in _LOADERS:
        return replace_node(loader, "yaml.SafeLoader")
    return None


def _is_library(node: nodes.Expression) -> bool:
    return isinstance(node, nodes.Name) and node.id == "yaml"


REWRITE: Final = Rewrite(source="objects-from-data", edit=_edit)
