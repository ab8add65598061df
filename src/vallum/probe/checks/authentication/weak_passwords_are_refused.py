"""Short and well-known passwords are refused at the registration, and long phrases accepted (CWE-521; ASVS 6.2)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.base.secret import Secret
from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.newcomers import REGISTER, is_password, open_ground, pass_time, register, registration_of
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="weak-passwords-are-refused", control="password-policy")
_WELL, _PHRASE = "a long password", "a phrase of 64 lower-case letters and spaces"
_SHORT, _KNOWN = "a password of 11 characters", "a well-known password of 15 characters"
_PASSWORDS: Final = {
    _WELL: "Tr4in-Harbor-Meadow-62-Lantern",
    _SHORT: "Kx7-vq2m-Tz",
    _KNOWN: "qwertyuiop12345",
    _PHRASE: "seven quiet otters carry warm lanterns along the northern harbor",
}
_TAKEN: Final = Blame(
    message="Passwords that stand at the head of every list are accepted: accounts are opened by trying those.",
    reason="",
    fix="Ask for at least 12 characters (15 where it is the only factor), and refuse what stands in breached lists.",
)
_PICKY: Final = Blame(
    message="People are driven to short passwords with a capital and a digit, which are easier to guess.",
    reason=f"The registration refuses {_PHRASE}, and accepts {_WELL} of mixed characters.",
    fix="Accept at least 64 characters of any kind, and ask for no composition (NIST SP 800-63B-4; ASVS 6.2.5).",
)


def _ask(surface: Surface) -> Asking:
    ground = yield from open_ground(surface)
    if ground is None or registration_of(surface) is None:
        return
    yield from pass_time(ground)
    for number, password in enumerate(_PASSWORDS.values()):
        yield from register(surface, f"{surface.mark}pw{number}", ground, password=Secret(password))


def _judge(_surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    made = [exchange for exchange in exchanges if exchange.shot.label == REGISTER]
    told = dict(zip(_PASSWORDS, made, strict=False))
    if len(told) < len(_PASSWORDS):
        reason = "no registration with a password was found that the probe may use"
        yield CLAIM.unproven(Silence.NOTHING_EXAMINED, reason)
        return
    if not is_accepted(told[_WELL]):
        reason = f"the registration answered {told[_WELL].answer.status} to {_WELL}"
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, reason)
        return
    for kind in (_SHORT, _KNOWN):
        if is_accepted(told[kind]):
            blame = Blame(message=_TAKEN.message, reason=f"The registration accepts {kind}.", fix=_TAKEN.fix)
            yield CLAIM.finding(told[kind], blame)
        else:
            yield CLAIM.site(told[kind], f"refuses {kind}: {told[kind].answer.status}")
    if is_accepted(told[_PHRASE]):
        yield CLAIM.site(told[_PHRASE], f"accepts {_PHRASE}")
    else:
        yield CLAIM.finding(told[_PHRASE], _PICKY)


def is_accepted(exchange: Exchange) -> bool:
    """Whether an account was opened, or said to be: no error, and not the same form once more."""
    again = any(
        is_password(field) or field.kind == "password" for f in exchange.answer.page.forms for field in f.fields
    )
    return 0 < exchange.answer.status < 400 and not again


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("password at the registration", "passwords at the registration"),
    sound="judged by length and by lists",
    ask=_ask,
    judge=_judge,
    users=1,
)
