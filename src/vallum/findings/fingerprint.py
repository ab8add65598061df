"""A name for a finding that stays the same when lines move, for baselines and for tools that track findings.

Made of the control, the rule or probe, the path or route, the scope, the source text without its spacing, and, when
several findings agree in all of these, the place among them from top to bottom. Line numbers take no part.
"""

import json
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from vallum.findings.finding import Finding
from vallum.findings.place import Place

LENGTH: Final = 32
"""Hexadecimal digits: 128 bits."""
Key = tuple[str, str, str, str, str]


def fingerprint(finding: Finding, ordinal: int = 0) -> str:
    """The name of a finding that is number `ordinal`, from 0, among those equal to it: 32 hexadecimal digits."""
    material = json.dumps([*_key(finding), ordinal])
    return sha256(material.encode("ascii")).hexdigest()[:LENGTH]


def number_findings(findings: Sequence[Finding]) -> tuple[str, ...]:
    """The fingerprints of `findings`, in their order; equal ones are counted by their position in the file."""
    seen: Counter[Key] = Counter()
    names: dict[int, str] = {}
    for index in sorted(range(len(findings)), key=lambda index: _position(findings[index])):
        key = _key(findings[index])
        names[index] = fingerprint(findings[index], seen[key])
        seen[key] += 1
    return tuple(names[index] for index in range(len(findings)))


def _key(finding: Finding) -> Key:
    where = finding.where
    if isinstance(where, Place):
        return (finding.control, finding.source, where.path, where.scope, " ".join(where.text.split()))
    route = where.route or where.path.partition("?")[0]
    return (finding.control, finding.source, f"{where.method} {route}", where.identity, "")


def _position(finding: Finding) -> tuple[int, int]:
    where = finding.where
    return (where.line, where.column) if isinstance(where, Place) else (0, 0)
