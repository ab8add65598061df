"""Pages switch off the browser features that they do not use (Permissions Policy; OWASP Secure Headers)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.judging import judge_answers, pages_of
from vallum.probe.read.directives import read_permissions
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="unused-features-are-off", control="permissions-policy")
_MESSAGE: Final = "A script or frame in the page can ask for camera, microphone or position in the site's name."
_FIX: Final = "Send `Permissions-Policy: geolocation=(self), camera=(), microphone=()` with every page."
_HEADER: Final = "Permissions-Policy"
_MOST: Final = {"camera": ((),), "microphone": ((),), "geolocation": ((), ("self",))}


def _judge(surface: Surface, _exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    return judge_answers(CLAIM, pages_of(surface), _fault, lambda _: "camera, microphone and position are limited")


def _fault(exchange: Exchange) -> Blame | None:
    lines = exchange.answer.header_lines(_HEADER)
    if not lines:
        told = "only the outdated Feature-Policy" if exchange.answer.has("Feature-Policy") else "no Permissions-Policy"
        return Blame(message=_MESSAGE, reason=f"The page has {told}.", fix=_FIX)
    policy = read_permissions(",".join(lines))
    for feature, allowed in _MOST.items():
        if feature not in policy:
            return Blame(message=_MESSAGE, reason=f"Permissions-Policy leaves {feature} as it is.", fix=_FIX)
        if policy[feature] not in allowed:
            told = " ".join(policy[feature])
            return Blame(message=_MESSAGE, reason=f"Permissions-Policy opens {feature} to {told}.", fix=_FIX)
    return None


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("page", "pages"),
    sound="sent with features off",
    judge=_judge,
    idle="the app serves no HTML page",
)
