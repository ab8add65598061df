"""Who is refused often is out for a while: the guard's own refusals are the signals of an attack (ASVS 16.3.3, 6.3.5).

    GuardPolicy(blocking=BlockPolicy())

It is an alarm with a hand, and no reason to leave another control out.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from vallum.base.errors import ConfigError
from vallum.guard.errors.refusal import FORBIDDEN, Refusal
from vallum.guard.exchange import Exchange
from vallum.guard.http.rate_subjects import subject_for, subject_of
from vallum.guard.logging.events import Event, Level

KEEPS: Final = ("runtime-protection",)

BLOCKED: Final = Refusal(FORBIDDEN.status, FORBIDDEN.code, FORBIDDEN.text, reported=True)
_SIGNALS: Final = frozenset(
    {
        "authorization-failed",
        "canary-used",
        "csrf-token-wrong",
        "debug-path-asked",
        "input-refused",
        "network-refused",
        "object-refused",
        "request-refused",
        "route-undeclared",
        "signature-failed",
        "token-reused",
        "upload-refused",
    }
)
_AT_ONCE: Final = "canary-used"
_REMEMBERED: Final = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPolicy:
    """After `threshold` signals within `window` seconds the actor is refused for `block_seconds`; a canary is enough.

    The actor is the account and the address (the /64 of an IPv6 one), each counted by itself; addresses in `never`, as
    they stand in the log, are never blocked. `signals` are the names of events. Counts and blocks are those of one
    process: each worker has its own. Raises `ConfigError` for numbers that block nobody or everybody.
    """

    threshold: int = 10
    window: float = 300
    block_seconds: float = 900
    signals: Collection[str] = _SIGNALS
    never: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if self.threshold < 2 or self.window <= 0 or self.block_seconds <= 0 or isinstance(self.never, str):
            raise ConfigError(
                "blocking: threshold must be at least 2, window and block_seconds above 0, never a tuple.",
                hint="Leave them out for 10 signals in 300 s and a block of 900 s.",
                code="blocking-unclear",
            )


class BlockList:
    """Counts signals by actor and holds blocks until they end. For many threads."""

    def __init__(self, policy: BlockPolicy) -> None:
        """Nobody is blocked."""
        self._policy = policy
        self._never = frozenset(map(subject_of, policy.never))
        self._signals: OrderedDict[str, deque[float]] = OrderedDict()
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def note(self, event: Event) -> list[Event]:
        """Count `event` if it is a signal; the events `actor-blocked` that follow from it."""
        if event.name not in self._policy.signals:
            return []
        with self._lock:
            blocked = [kind for kind, actor in self._actors_of(event) if self._count(actor, event)]
        return [
            Event(
                name="actor-blocked",
                level=Level.ERROR,
                at=event.at,
                request_id=event.request_id,
                client=event.client,
                actor=event.actor,
                detail={"blocked": kind, "signal": event.name, "seconds": f"{self._policy.block_seconds:g}"},
            )
            for kind in blocked
        ]

    def refuse_address(self, exchange: Exchange) -> Refusal | None:
        """The step of the core: the answer for an address that is blocked."""
        return BLOCKED if self._until and self._holds(subject_of(exchange.client), exchange) else None

    def refuse_account(self, exchange: Exchange) -> Refusal | None:
        """The answer for an account that is blocked."""
        return BLOCKED if self._until and self._holds(subject_for("account", exchange.actor_id), exchange) else None

    def release(self, *, client: str = "", account: str = "") -> None:
        """End the blocks of an address or an account before their time."""
        with self._lock:
            for actor in (subject_of(client), subject_for("account", account)):
                self._until.pop(actor, None)
                self._signals.pop(actor, None)

    def _holds(self, actor: str, exchange: Exchange) -> bool:
        until = self._until.get(actor)
        return until is not None and exchange.core.clock() < until

    def _actors_of(self, event: Event) -> list[tuple[str, str]]:
        place = subject_of(event.client)
        address = [("address", place)] if event.client and place not in self._never else []
        return [*address, *([("account", subject_for("account", event.actor))] if event.actor else [])]

    def _count(self, actor: str, event: Event) -> bool:
        """Note a signal; True when it begins a block."""
        now, policy = event.at, self._policy
        times = self._signals.setdefault(actor, deque(maxlen=policy.threshold))
        self._signals.move_to_end(actor)
        times.append(now)
        if len(self._signals) > _REMEMBERED:
            self._signals.popitem(last=False)
        is_often = len(times) == policy.threshold and now - times[0] <= policy.window
        if not (is_often or event.name == _AT_ONCE) or self._until.get(actor, now) > now:
            return False
        self._until = {name: until for name, until in self._until.items() if until > now}
        self._until[actor] = now + policy.block_seconds
        return True
