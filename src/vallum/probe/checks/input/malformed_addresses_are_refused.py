"""What is no e-mail address opens no account and gets no mail (CWE-20, CWE-93; ASVS 1.3.11, 2.2.1)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.refusals import was_refused
from vallum.probe.signups import SIGNUP, Try, fields_named, read_signups, send_signups, took, why_unsigned
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="malformed-addresses-are-refused", control="email-validation")
_MESSAGE: Final = (
    "An attacker opens accounts under addresses that are none, or writes headers into the mails of the app."
)
_FIX: Final = (
    "Test the length first, then parse: one @, labels that are not empty, no blank, control character or bracket."
)


def _ask(surface: Surface) -> Asking:
    tries = []
    for parameter in fields_named(surface, ("email", "mail", "e_mail", "email_address"))[:1]:
        name = f"{surface.mark}m"
        forms = {
            "255 characters": f"{'a' * (255 - len('@example.com'))}@example.com",
            "an empty label": f"{name}@b..example",
            "a line break and a Bcc": f"{name}@example.com\r\nBcc: {name}b@example.com",
            "two @ signs": f"{name}@b@example.com",
            "angle brackets": f"<{name}@example.com>",
            "no @ sign": f"{name}.example.com",
        }
        tries = [Try(label=label, parameter=parameter, value=value) for label, value in forms.items()]
    yield from send_signups(surface, f"{surface.mark}m", tries)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    honest, tries = read_signups(exchanges)
    wrong: list[Exchange] = []
    for exchange in tries:
        label = exchange.shot.label.removeprefix(SIGNUP)
        if honest and (took(honest, exchange, surface.mark) or exchange.answer.letters):
            wrong.append(exchange)
        elif was_refused(exchange):
            yield CLAIM.site(exchange, f"an address with {label}: {exchange.answer.status}")
    if wrong:
        first = wrong[0]
        told = ", ".join(exchange.shot.label.removeprefix(SIGNUP) for exchange in wrong)
        mailed = " A mail was written to it." if any(exchange.answer.letters for exchange in wrong) else ""
        reason = f"{first.shot.method} {first.shot.route}, {first.shot.slot}: taken with {told}.{mailed}"
        yield CLAIM.finding(first, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    if not tries:
        yield from why_unsigned(CLAIM, surface, honest)


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("malformed address", "malformed addresses"),
    sound="refused",
    ask=_ask,
    judge=_judge,
    idle="no registration with an address was found that the probe may use",
)
