"""The audit trail from within a request: who did it and in which request is filled in from the guard, not by hand."""

from typing import Any

from vallum.guard.logging.context import current_request
from vallum.stores.trail import Entry, Trail
from vallum.stores.trail.entry import Fact


def record_change(trail: Trail, connection: Any, event: str, subject: str, **detail: Fact) -> int:
    """Append what the signed-in actor does to `subject`, in the transaction of the change; return the entry's number.

    Outside of a request the actor is "system". Raises what `Trail.append` raises: let it undo the change as well.
    """
    request = current_request()
    actor, request_id = (request.actor_id, request.request_id) if request is not None else ("system", "")
    entry = Entry(event=event, actor=actor, subject=subject, request_id=request_id, detail=detail)
    return trail.append(connection, entry)
