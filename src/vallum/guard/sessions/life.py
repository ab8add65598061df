"""How long a session lives, and what its cookie is called."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from vallum.base.errors import ConfigError
from vallum.stores.sessions import SessionRecord

KEEPS: Final = ("session-idle-timeout", "session-absolute-timeout")

Revoke = Callable[[SessionRecord, bool], object]
"""Ends what else hangs on a session: gets its record, and whether all sessions of its actor end with it."""

HALF_AN_HOUR: Final = 1800
ONE_DAY: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPolicy:
    """Idle and absolute limits in seconds (ASVS 7.3), and SameSite: "Strict", or "Lax" for sites entered by links.

    A session's use is noted at most every `note_use_every` seconds, which spares the store a write per request; the
    idle limit may strike that much early. Limits above half an hour and a day need `unsafe_longer_life`. `revoke` ends
    the tokens that belong to a session which `sign_out` has ended; what it raises is answered 503.
    """

    idle_seconds: int = HALF_AN_HOUR
    absolute_seconds: int = ONE_DAY
    note_use_every: int = 60
    same_site: str = "Strict"
    unsafe_longer_life: bool = False
    revoke: Revoke | None = None

    def __post_init__(self) -> None:
        """Refuse limits that never strike."""
        if not 0 < self.idle_seconds <= self.absolute_seconds or not 0 <= self.note_use_every < self.idle_seconds:
            raise ConfigError(
                "session: 0 < note_use_every < idle_seconds <= absolute_seconds must hold.",
                hint="Leave the three out for 60 s, 30 min and 24 h.",
                code="session-limits",
            )
        too_long = self.idle_seconds > HALF_AN_HOUR or self.absolute_seconds > ONE_DAY
        if too_long and not self.unsafe_longer_life:
            raise ConfigError(
                f"session: {self.idle_seconds} s idle, {self.absolute_seconds} s in all: longer than 30 min and 24 h.",
                hint="Shorten them, or set unsafe_longer_life=True if the risk was accepted.",
                code="session-limits",
            )
