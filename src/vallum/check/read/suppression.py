"""Comments that silence a control on their line: `# vallum: ignore[control-id] reason`."""

import re
from dataclasses import dataclass
from typing import Final

from vallum.check.read.source import Source
from vallum.findings.finding import Gap, Way

_COMMENT: Final = re.compile(
    r"(?:#|//|--|<!--|\{#|/\*|;)\s*vallum:\s*ignore\[([^\]]*)\][ \t]*(.*?)\s*(?:-->|#\}|\*/)?\s*$",
)


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment that a person wrote to silence controls, with the reason why."""

    line: int
    controls: tuple[str, ...]
    reason: str
    alone: bool
    """Whether the comment has its line for itself: then it speaks for the line below."""

    def covers(self, line: int, control: str) -> bool:
        """Whether a finding of this control on this line is silenced."""
        return control in self.controls and line == self.line + self.alone


def read_suppressions(source: Source) -> tuple[list[Suppression], list[Gap]]:
    """The comments of a file; one without a reason silences nothing and is a gap."""
    if "vallum:" not in source.text:
        return [], []
    found: list[Suppression] = []
    gaps: list[Gap] = []
    for number, text in enumerate(source.lines, 1):
        match = _COMMENT.search(text) if "vallum:" in text else None
        if match is None:
            continue
        controls = tuple(word.strip() for word in match[1].split(",") if word.strip())
        if controls and match[2]:
            found.append(Suppression(number, controls, match[2], not text[: match.start()].strip()))
        else:
            why = "a suppression needs control ids and a reason: # vallum: ignore[control-id] reason"
            gaps.append(Gap(what=f"{source.path}:{number}", why=why, way=Way.RULE, controls=controls))
    return found, gaps
