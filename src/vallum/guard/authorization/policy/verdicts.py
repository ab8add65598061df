"""Why the policy decided as it did, for the log only."""

from dataclasses import dataclass

from vallum.guard.authorization.policy.rules import Effect


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule said: True, False, or None with the names of what was unknown."""

    rule: str
    effect: Effect
    answer: bool | None
    unknown: tuple[str, ...]
    counts_here: bool

    @property
    def counts(self) -> bool:
        """Whether it takes effect: an allowing rule when true, a forbidding one unless false."""
        if self.effect is Effect.FORBID:
            return self.answer is not False
        return self.answer is True and self.counts_here

    def __str__(self) -> str:
        """One line."""
        word = {True: "true", False: "false", None: "unknown"}[self.answer]
        because = f" ({'; '.join(self.unknown)})" if self.unknown else ""
        stranger = "" if self.counts_here or self.effect is Effect.FORBID else ", and not for strangers"
        return f"{self.effect.value} {self.rule!r}: {word}{because}{stranger}"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer about one action on one object. `failure` names the exception that made it a refusal."""

    resource: str
    action: str
    findings: tuple[Finding, ...] = ()
    failure: str = ""

    @property
    def allowed(self) -> bool:
        """What `check` answers."""
        effects = {finding.effect for finding in self.findings if finding.counts}
        return not self.failure and effects == {Effect.ALLOW}

    @property
    def reason(self) -> str:
        """One sentence."""
        if self.failure:
            return f"denied: {self.failure} while the policy was evaluated"
        for effect in (Effect.FORBID, Effect.ALLOW):
            for finding in self.findings:
                if finding.effect is effect and finding.counts:
                    return f"{'denied' if effect is Effect.FORBID else 'allowed'} by {finding}"
        return f"denied: no rule allows {self.action} of {self.resource}"

    def __str__(self) -> str:
        """The sentence, then a line for each rule."""
        return "\n  ".join([self.reason, *map(str, self.findings)])
