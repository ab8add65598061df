"""YAML as plain data: the core schema of YAML 1.2, no tags, no duplicate keys, aliases within bounds."""

import math
import re
from typing import Any, Final

import yaml
from yaml import CSafeLoader
from yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent, ScalarEvent

from vallum.guard.input.json_text import LoadLimits, decode_text
from vallum.guard.input.models import InputRefusedError

_TAG: Final = "tag:yaml.org,2002:"
_PLAIN_TAGS: Final = frozenset(
    {None, "!", *(_TAG + name for name in ("str", "int", "float", "bool", "null", "seq", "map"))}
)


def parse_yaml(data: str | bytes, limits: LoadLimits) -> Any:
    """Return the value of one document. Raises `InputRefusedError`."""
    text = decode_text(data, limits)
    try:
        _check_events(text, limits)
        loader = _PlainLoader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, RecursionError):
        # The messages of the parser quote the input.
        raise InputRefusedError("the input is not valid YAML.", code="input-syntax") from None


def _check_events(text: str, limits: LoadLimits) -> None:
    """Count what the document would become, aliases expanded, before anything is built."""
    expanded: dict[str, int] = {}
    anchors: list[str | None] = [None]
    counts = [0]
    for event in yaml.parse(text, Loader=CSafeLoader):
        if isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag not in _PLAIN_TAGS:
            raise InputRefusedError("the input has a YAML tag.", code="input-tag")
        if isinstance(event, CollectionStartEvent):
            anchors.append(event.anchor)
            counts.append(1)
            if len(counts) - 1 > limits.depth:
                raise InputRefusedError(
                    f"the input is nested more than {limits.depth} levels deep.", code="input-too-deep"
                )
            continue
        if isinstance(event, CollectionEndEvent):
            anchor, count = anchors.pop(), counts.pop()
        elif isinstance(event, NodeEvent):
            anchor, count = _measure(event, expanded)
        else:
            continue
        counts[-1] += count
        if anchor:
            expanded[anchor] = count
        if counts[-1] > limits.values:
            raise InputRefusedError(f"the input has more than {limits.values} values.", code="input-too-many")


def _measure(event: NodeEvent, expanded: dict[str, int]) -> tuple[str | None, int]:
    if not isinstance(event, AliasEvent):
        return event.anchor, 1
    if event.anchor not in expanded:
        raise InputRefusedError("an alias names nothing that is complete before it.", code="input-alias")
    return None, expanded[event.anchor]


class _PlainLoader(CSafeLoader):
    """PyYAML's safe loader with fewer kinds of values: none that looks like text to a person is something else."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = True) -> dict[Any, Any]:
        built = super().construct_mapping(node, deep=deep)
        if len(built) < len(node.value):
            raise InputRefusedError("a mapping has a key twice.", code="input-duplicate-key")
        return built


def _construct_float(loader: _PlainLoader, node: yaml.ScalarNode) -> float:
    value = loader.construct_yaml_float(node)
    if not math.isfinite(value):
        raise InputRefusedError("a number is too large.", code="input-number")
    return value


_PlainLoader.yaml_implicit_resolvers = {}
_PlainLoader.add_constructor(_TAG + "float", _construct_float)
for _name, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)|0x[0-9a-fA-F]+", [*"-+0123456789"]),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?", [*"-+.0123456789"]),
):
    _PlainLoader.add_implicit_resolver(_TAG + _name, re.compile(f"(?:{_pattern})$"), _first)
