"""The stores behind an `Identity`: all in one database, or in memory for development."""

from dataclasses import dataclass

from vallum.guard.authentication.login_limits import LoginLimits
from vallum.guard.identity.outages import watch_store
from vallum.guard.identity.settings import Identity
from vallum.guard.policy import GuardPolicy
from vallum.stores.accounts import AccountStore
from vallum.stores.factors import FactorStore
from vallum.stores.limits import LimitStore
from vallum.stores.limits_memory import MemoryLimits
from vallum.stores.links import LinkStore
from vallum.stores.memory import MemorySessions
from vallum.stores.memory.accounts import MemoryAccounts
from vallum.stores.memory.factors import MemoryFactors
from vallum.stores.memory.links import MemoryLinks
from vallum.stores.memory.proofs import MemoryProofs
from vallum.stores.memory.refresh import MemoryRefresh
from vallum.stores.memory.revocations import MemoryRevocations
from vallum.stores.proofs import ProofStore
from vallum.stores.refresh import RefreshStore
from vallum.stores.revocations import RevocationStore
from vallum.stores.sessions import SessionStore


@dataclass(frozen=True, kw_only=True)
class Backing:
    """One store of each kind. `counts` tells that the limits of all routes are to be counted in `limits` as well.

    All but sessions and limits, which the guard itself asks, raise `StoreDownError` (503) when they fail.
    """

    accounts: AccountStore
    proofs: ProofStore
    factors: FactorStore
    links: LinkStore
    sessions: SessionStore
    refresh: RefreshStore
    revocations: RevocationStore
    limits: LimitStore
    counts: bool


def open_backing(settings: Identity, policy: GuardPolicy) -> Backing:
    """The stores for `settings`; sessions and limits that the policy names stay where it wants them."""
    if settings.database:
        return _open_database(settings, policy)
    accounts = settings.accounts or MemoryAccounts()
    limits, counts = _find_limits(policy)
    return Backing(
        accounts=watch_store(accounts),
        proofs=watch_store(MemoryProofs()),
        factors=watch_store(MemoryFactors()),
        links=watch_store(MemoryLinks()),
        sessions=policy.store or MemorySessions(),
        refresh=watch_store(MemoryRefresh()),
        revocations=watch_store(MemoryRevocations(accounts)),
        limits=limits,
        counts=counts,
    )


def limit_attempts(name: str, policy: GuardPolicy) -> LoginLimits:
    """The limits of one kind of attempt, by the policy's clock."""
    return LoginLimits(name, clock=policy.clock, sink=policy.sink)


def _open_database(settings: Identity, policy: GuardPolicy) -> Backing:
    # Imported here, so that development in memory loads no database.
    from vallum.stores.sql.accounts import SqlAccounts  # noqa: PLC0415 - see above
    from vallum.stores.sql.factors import SqlFactors  # noqa: PLC0415 - see above
    from vallum.stores.sql.links import SqlLinks  # noqa: PLC0415 - see above
    from vallum.stores.sql.proofs import SqlProofs  # noqa: PLC0415 - see above
    from vallum.stores.sql.refresh import SqlRefresh  # noqa: PLC0415 - see above
    from vallum.stores.sql.revocations import SqlRevocations  # noqa: PLC0415 - see above
    from vallum.stores.sql.sessions import SqlSessions  # noqa: PLC0415 - see above
    from vallum.stores.sql.urls import open_database  # noqa: PLC0415 - see above

    database = open_database(settings.database)
    limits, counts = _find_limits(policy, getattr(database, "path", None))
    return Backing(
        accounts=watch_store(settings.accounts or SqlAccounts(database)),
        proofs=watch_store(SqlProofs(database)),
        factors=watch_store(SqlFactors(database)),
        links=watch_store(SqlLinks(database)),
        sessions=policy.store or SqlSessions(database),
        refresh=watch_store(SqlRefresh(database)),
        revocations=watch_store(SqlRevocations(database, settings.accounts)),
        limits=limits,
        counts=counts,
    )


def _find_limits(policy: GuardPolicy, path: object = None) -> tuple[LimitStore, bool]:
    """Where failures are counted: where the policy counts, else in the file of the database, else in memory."""
    if policy.rate_limits is not None and policy.rate_limits.store is not None:
        return policy.rate_limits.store, False
    if path is None:
        opener = getattr(policy.store, "open_limits", MemoryLimits)
        limits: LimitStore = opener()
        return limits, False
    from vallum.stores.limits_sqlite import SqliteLimits  # noqa: PLC0415 - only beside a database in a file

    return SqliteLimits(str(path)), True
