"""What a check is: a frozen value that says what to ask of a running app, and judges what came back."""

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass

from vallum.findings.finding import Confidence, Finding, Fix, Remark, Silence, Site, Unproven, Way
from vallum.probe.evidence import act_of, show_answer
from vallum.probe.exchange import Consent, Exchange, Launch, Recall, Shot, SignIn, Stir, Volley
from vallum.probe.surface import Surface

Single = Shot | SignIn | Launch | Stir | Consent | Recall
Wanted = Single | Volley
Asking = Generator[Wanted, Exchange, None]
"""Yields what to send and is handed what came back, so that a later step can depend on an earlier one. No I/O."""


def ask_nothing(_surface: Surface) -> Asking:
    """For checks that judge what was seen anyway."""
    yield from ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A claim about the running app. A module under `checks/<area>/` named like the claim builds one as `CHECK`."""

    claim: str
    """What is so in an app that keeps the control, in kebab-case: `login-issues-a-new-session`."""
    control: str
    """The id of the control that the claim proves."""
    unit: tuple[str, str]
    """What it examines, one and many: `("page", "pages")`."""
    sound: str
    """What is said of what was well: `sent with a policy`."""
    judge: Callable[[Surface, Sequence[Exchange]], Iterable[Remark]]
    """A pure function over this check's exchanges, and those of the survey that the surface holds."""
    ask: Callable[[Surface], Asking] = ask_nothing
    users: int = 0
    """How many proven identities it needs."""
    last: bool = False
    """Whether it may end sessions, and so runs after most others."""
    exhausts: bool = False
    """Whether it uses up what is limited, or locks an account, and so runs at the very end."""
    idle: str = "no place to try was found"
    """What is said when there was nothing to judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """The words of a finding."""

    message: str
    """What an attacker can do."""
    reason: str
    """Why this is so here."""
    fix: str
    confidence: Confidence = Confidence.HIGH


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Speaks in the name of one claim: makes sites, findings and silences out of exchanges."""

    slug: str
    control: str

    def site(self, exchange: Exchange, note: str) -> Site:
        """An exchange that was well."""
        return Site(control=self.control, source=self.slug, way=Way.PROBE, where=act_of(exchange), note=note)

    def finding(
        self,
        exchange: Exchange,
        blame: Blame,
        *,
        needle: str = "",
        seen: Iterable[str] = (),
        shown: Exchange | None = None,
    ) -> Finding:
        """An exchange that breaks the control.

        `needle` is what to show of the answer; `shown` is another exchange, later on, in which it came to light.
        """
        evidence = shown or exchange
        page = (f"on {act_of(evidence)}:",) if evidence is not exchange else ()
        return Finding(
            control=self.control,
            source=self.slug,
            way=Way.PROBE,
            where=act_of(exchange),
            message=blame.message,
            reason=blame.reason,
            fix=Fix(text=blame.fix),
            confidence=blame.confidence,
            seen=(*page, *show_answer(evidence, needle), *seen),
        )

    def unproven(self, silence: Silence, reason: str) -> Unproven:
        """Why nothing can be said."""
        return Unproven(control=self.control, source=self.slug, way=Way.PROBE, silence=silence, reason=reason)
