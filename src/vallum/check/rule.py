"""What a rule is: a frozen value that looks at a project and says what it examined and found."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vallum.check.project import Project
from vallum.findings.finding import Confidence, Finding, Fix, Remark, Silence, Site, Step, Unproven, Way
from vallum.findings.place import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The pattern blamed. A module under `rules/<area>/` named like the slug builds one and calls it `RULE`."""

    slug: str
    """The sin in kebab-case, such as `sql-from-data`; the module has the same name with underscores."""
    control: str
    """The id of the control that the pattern breaks."""
    languages: tuple[str, ...]
    """What it reads: `python`, or kinds of configuration such as `requirements`, `dockerfile`, `toml`."""
    unit: tuple[str, str]
    """What it examines, one and many: `("query", "queries")`. Evidence reads "14 queries, all bound"."""
    sound: str
    """What is said of a site that is well: `bound`."""
    examine: Callable[[Project], Iterable[Remark]]
    """Yields a `Site` for each place that was well, a `Finding` for each that was not."""
    cwe: tuple[int, ...] = ()
    """The weaknesses that its findings show, where they are narrower than the control's; empty for the control's."""

    def site(self, place: Place, note: str = "") -> Site:
        """A place that was examined and is well, and why."""
        return Site(control=self.control, source=self.slug, way=Way.RULE, where=place, note=note or self.sound)

    def finding(
        self,
        place: Place,
        message: str,
        reason: str,
        *,
        fix: str | Fix | None = None,
        steps: tuple[Step, ...] = (),
        confidence: Confidence = Confidence.HIGH,
        cwe: tuple[int, ...] = (),
    ) -> Finding:
        """A place that breaks the control: what an attacker can do, why this is so here, and how to mend it."""
        return Finding(
            control=self.control,
            source=self.slug,
            way=Way.RULE,
            where=place,
            message=message,
            reason=reason,
            steps=steps,
            fix=Fix(text=fix) if isinstance(fix, str) else fix,
            confidence=confidence,
            cwe=cwe or self.cwe,
        )

    def silence(self, silence: Silence, reason: str) -> Unproven:
        """Why nothing can be said of the control."""
        return Unproven(control=self.control, source=self.slug, way=Way.RULE, silence=silence, reason=reason)
