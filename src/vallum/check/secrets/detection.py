"""What was found, and how it is shown: never with the secret."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from vallum.check.read.source import Source
from vallum.findings.finding import Confidence
from vallum.findings.place import Place

MASK: Final = "***"
_SHORTEST: Final = 4
_LONG: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """A secret in a file. Lines count from 1, columns from 0 in characters."""

    line: int
    column: int
    end_line: int
    end_column: int
    what: str
    """Such as `a GitHub token`; never the value."""
    confidence: Confidence
    value: str = field(repr=False, default="")
    """The secret, for masking only."""

    def overlaps(self, other: "Detection") -> bool:
        """Whether two detections share a character."""
        first, second = (self.line, self.column), (other.line, other.column)
        return first < (other.end_line, other.end_column) and second < (self.end_line, self.end_column)


def keep_first(detections: Iterable[Detection]) -> list[Detection]:
    """Of detections that overlap the one that comes first, by line."""
    kept: dict[int, list[Detection]] = {}
    for found in detections:
        near = [other for line in range(found.line, found.end_line + 1) for other in kept.get(line, ())]
        if not any(found.overlaps(other) for other in near):
            for line in range(found.line, found.end_line + 1):
                kept.setdefault(line, []).append(found)
    unique = dict.fromkeys(found for line in kept.values() for found in line)
    return sorted(unique, key=lambda found: (found.line, found.column))


def place_masked(source: Source, found: Detection, every: Sequence[Detection], scope: str = "") -> Place:
    """The place of a detection, its line with all secrets of the file masked."""
    return Place(
        path=source.path,
        line=found.line,
        column=found.column + 1,
        end_line=found.end_line,
        end_column=found.end_column + 1,
        text=_mask_line(source.line(found.line), found.line, every).strip(),
        scope=scope,
    )


def _mask_line(text: str, number: int, every: Sequence[Detection]) -> str:
    spans = [
        (found.column if found.line == number else 0, found.end_column if found.end_line == number else len(text))
        for found in every
        if found.line <= number <= found.end_line
    ]
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + MASK + text[end:]
    for part in _parts(every):
        text = text.replace(part, MASK)
    return text


def _parts(every: Sequence[Detection]) -> list[str]:
    """The values, and the words of those that have several, such as `Bearer ...`; longest first."""
    values = {found.value for found in every if len(found.value) >= _SHORTEST}
    words = {word for value in values for word in value.split() if len(word) >= _LONG}
    return sorted(values | words, key=len, reverse=True)
