"""Objects reached through the policy: not there and not yours are one answer (CWE-639, ASVS 8.2.2)."""

from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Select

from vallum.guard.authorization.policy.decisions import Policy
from vallum.guard.authorization.policy.evaluation import Environment
from vallum.guard.errors.public import NotFoundError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session

Item = TypeVar("Item")


def load_or_404(
    session: "Session",
    policy: Policy,
    actor: Any,
    action: str,
    statement: Select[Item],
    environment: Environment | None = None,
) -> Item:
    """The one object that the statement finds, if the policy lets the actor do `action` to it.

    Raises `NotFoundError` (404) alike for an object that is not there and for one that she may not; SQLAlchemy's
    `MultipleResultsFound` for a statement that finds several.
    """
    found = session.scalars(policy.filter(statement, actor, action, environment or {})).one_or_none()
    return _demand(found, action)


async def load_later(
    session: "AsyncSession",
    policy: Policy,
    actor: Any,
    action: str,
    statement: Select[Item],
    environment: Environment | None = None,
) -> Item:
    """`load_or_404` for an asynchronous session."""
    found = (await session.scalars(policy.filter(statement, actor, action, environment or {}))).one_or_none()
    return _demand(found, action)


def _demand(found: Item | None, action: str) -> Item:
    if found is None:
        raise NotFoundError(f"nothing here on which the policy allows {action}")
    return found
