"""What a rule or a probe says: a site that was well, a finding, or why it can say nothing."""

from dataclasses import dataclass
from enum import StrEnum

from vallum.findings.place import Act, Place

Where = Place | Act


class Way(StrEnum):
    """The two ways that look; the third, guard, prevents."""

    RULE = "rule"
    PROBE = "probe"


class Confidence(StrEnum):
    """How sure a finding is: high means the whole path of the data was seen."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Silence(StrEnum):
    """Why nothing can be said, in the words that the report shows."""

    NOTHING_EXAMINED = "nothing examined"
    COULD_NOT_LOOK = "could not look"
    DOES_NOT_APPLY = "does not apply"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One station of the data on its way: *enters, passes, becomes, runs*."""

    verb: str
    place: Place
    value: str = ""
    """The part of the line that carries the data, to be underlined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """How to mend it: a sentence, and where it can be shown, the lines before and after."""

    text: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    place: Place | None = None
    """Where the first of the lines before stands, when it is not the place of the finding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A place that was examined, or an act that was tried, and was well."""

    control: str
    source: str
    """The rule's slug or the probe's claim."""
    way: Way
    where: Where
    note: str
    """Why it is well: `values are bound`, `answered 403`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A place or act at which a control is broken."""

    control: str
    source: str
    way: Way
    where: Where
    message: str
    """What an attacker can do, in one sentence."""
    reason: str
    """Why this is so here."""
    steps: tuple[Step, ...] = ()
    fix: Fix | None = None
    confidence: Confidence = Confidence.HIGH
    seen: tuple[str, ...] = ()
    """What the running app answered, line by line; never a credential."""
    cwe: tuple[int, ...] = ()
    """The weaknesses that it shows, where they are narrower than the control's; empty for the control's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """A rule or probe that says why it has nothing to say about its control."""

    control: str
    source: str
    way: Way
    silence: Silence
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What could not be looked at: an unreadable file, a failed login, a cap that was hit. Exit status 3."""

    what: str
    why: str
    way: Way
    controls: tuple[str, ...] = ()
    """The controls that this leaves in the dark; empty when it cannot be told."""


Remark = Site | Finding | Unproven
