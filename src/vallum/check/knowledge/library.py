"""The knowledge of all libraries of a language: every `<language>/<library>.toml`, merged."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from vallum.base.errors import ConfigError
from vallum.check.knowledge.kinds import BITS, LITERAL, STORED, bits_of
from vallum.check.knowledge.model import RECEIVER, Check, Condition, Entry, Model, Origin, Sink, Switch, Variant

_FOLDER: Final = Path(__file__).parent
_TABLES: Final = frozenset({
    "library", "variant", "names", "constants", "source", "sink", "clears", "returns", "ends", "check",
    "resolves", "trusted", "switch", "entry",
})  # fmt: skip


NO_MODEL: Final = Model()


@dataclass(slots=True)
class Knowledge:
    """What is known, by qualified name."""

    models: dict[str, Model] = field(default_factory=dict)
    methods: dict[str, Model] = field(default_factory=dict)
    """By the last word, for receivers that nobody knows: only where the word is telling."""
    families: dict[str, Model] = field(default_factory=dict)
    """By the beginning of the name, up to a dot: `sqlalchemy.*`."""
    names: dict[str, str] = field(default_factory=dict)
    """Other names of the same thing."""
    constants: dict[str, Any] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    beginnings: set[str] = field(default_factory=set)
    """The names from which an attribute, call or subscript can lead to a source."""

    def find(self, name: str) -> Model:
        """What is known of a call: by its whole name, else by its last word, else by its library."""
        found = self.models.get(name) or self.methods.get(name.rpartition(".")[2])
        return found or self.model(name) or NO_MODEL

    def model(self, name: str) -> Model | None:
        """What is known of a name."""
        found = self.models.get(name)
        if found is None and self.families:
            head = name
            while found is None and "." in head:
                head = head.rpartition(".")[0]
                found = self.families.get(head)
        return found


@cache
def load_knowledge(language: str) -> Knowledge:
    """All that is known of a language's libraries. Raises `ConfigError` that names the file and the entry."""
    knowledge = Knowledge()
    for path in sorted((_FOLDER / language).glob("*.toml")):
        with path.open("rb") as file:
            content = tomllib.load(file)
        try:
            merge(content, knowledge)
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"{path.name}: an entry that cannot be read: {error}.") from error
    return knowledge


def merge(content: Mapping[str, Any], knowledge: Knowledge) -> None:
    """Add the content of one file. Raises `KeyError`, `TypeError` or `ValueError` for an entry not understood."""
    unknown = set(content) - _TABLES
    if unknown:
        raise ValueError(f"unknown table {min(unknown)!r}")
    knowledge.names.update(content.get("names", {}))
    knowledge.constants.update(content.get("constants", {}))
    knowledge.entries += [_entry(entry) for entry in content.get("entry", [])]
    knowledge.beginnings.update(entry.request for entry in knowledge.entries if entry.request)
    for name, changes in _entries(content):
        _add(knowledge, name, changes)


def _entries(content: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in content.get("source", []):
        mask = STORED if entry.get("stored") else _danger(entry)
        origin = Origin(label=entry["label"], mask=mask, named=entry.get("named", True))
        yield from ((name, {"origin": origin}) for name in entry["values"])
    for entry in content.get("sink", []):
        sink = _sink(entry)
        yield from ((name, {"sinks": (sink,)}) for name in entry["calls"])
    for entry in content.get("clears", []):
        yield from ((name, {"clears": bits_of(entry["kinds"])}) for name in entry["calls"])
    for entry in content.get("check", []):
        check = _check(entry)
        yield from ((name, {"check": check}) for name in entry["calls"])
    for entry in content.get("variant", []):
        variant = Variant(when=tuple(_condition(one) for one in entry["when"]), returns=entry["returns"])
        yield from ((name, {"variants": (variant,)}) for name in entry["calls"])
    for entry in content.get("switch", []):
        switch = Switch(
            state=entry["state"],
            when=tuple(_condition(one) for one in entry["when"]),
            about=tuple(_condition(one) for one in entry.get("about", ())),
        )
        yield from ((name, {"switches": (switch,)}) for name in entry["calls"])
    yield from ((name, {"returns": result}) for name, result in content.get("returns", {}).items())
    for flag in ("ends", "resolves", "trusted"):
        yield from ((name, {flag: True}) for name in content.get(flag, []))


def _add(knowledge: Knowledge, name: str, changes: dict[str, Any]) -> None:
    table = knowledge.models
    if name.startswith("?."):
        table, name = knowledge.methods, name[2:]
    elif name.endswith(".*"):
        table, name = knowledge.families, name[:-2]
    model = table.get(name, Model())
    if "sinks" in changes:
        changes = {"sinks": (*model.sinks, *changes["sinks"])}
    if "switches" in changes:
        changes = {"switches": (*model.switches, *changes["switches"])}
    if "variants" in changes:
        changes = {"variants": (*model.variants, *changes["variants"])}
    if "clears" in changes:
        changes = {"clears": model.clears | changes["clears"]}
    table[name] = replace(model, **changes)
    if "origin" in changes:
        knowledge.beginnings.update(_beginnings(name))


def _beginnings(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name[:-2] if name.endswith(("()", "[]")) else name.rpartition(".")[0]


def _danger(entry: Mapping[str, Any]) -> int:
    """What data of a source can do; nothing was shown yet of the quotes around them."""
    mask = bits_of(entry.get("kinds", ["*"]))
    return mask | LITERAL if mask & BITS["code"] else mask


def _sink(entry: Mapping[str, Any]) -> Sink:
    return Sink(
        kind=entry["kind"],
        position={"receiver": -1, "all": -2, "none": -3}.get(entry.get("argument", 0), entry.get("argument", 0)),
        keywords=tuple(entry.get("keywords", ())),
        when=tuple(_condition(condition) for condition in entry.get("when", ())),
        unless=tuple(_condition(condition) for condition in entry.get("unless", ())),
        first=entry.get("first", False),
        text=entry.get("text", False),
        told=entry.get("told", ""),
    )


def _condition(entry: Mapping[str, Any]) -> Condition:
    place = entry.get("argument", -1)
    return Condition(
        position=RECEIVER if place == "receiver" else place,
        keywords=tuple(entry.get("keywords", ())),
        equals=entry.get("equals"),
        pattern=entry.get("pattern", ""),
        missing=entry.get("missing", False),
        state=entry.get("state", ""),
    )


def _entry(entry: Mapping[str, Any]) -> Entry:
    words = {name: frozenset(entry.get(name, ())) for name in ("decorators", "bases", "methods", "modules", "calls")}
    return Entry(
        **words,
        request=entry.get("request", ""),
        label=entry.get("label", ""),
        mask=_danger(entry),
        injected=entry.get("injected", False),
        answers=entry.get("answers", ""),
        only=tuple(_condition(one) for one in entry.get("only", ())),
    )


def _check(entry: Mapping[str, Any]) -> Check:
    bits = bits_of(entry.get("kinds", ["*"]))
    raises = entry.get("raises", False)
    holds = entry.get("holds", True)
    return Check(
        position=-1 if entry.get("argument") == "receiver" else entry.get("argument", 0),
        when_true=bits if holds or raises else 0,
        when_false=bits if not holds or raises else 0,
        raises=raises,
        resolved=entry.get("resolved", False),
    )
