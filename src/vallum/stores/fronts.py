"""Finds the front of a session store, for a guard on an event loop."""

from collections.abc import Callable

from vallum.stores.front import SessionFront
from vallum.stores.sessions import SessionStore


def open_front(store: SessionStore) -> SessionFront | None:
    """The front of a store whose reads wait for a server; None for all others, which are read directly or in threads.

    A `ValkeySessions` needs to have been built by a plain URL, and `SqlSessions` to lie in PostgreSQL.
    """
    if store.reads_at_once:
        return None
    opener: Callable[[], SessionFront | None] | None = getattr(store, "open_front", None)
    if opener is not None:  # a store around another one, which opens that one's front
        return opener()
    # Imported here, so that a guard without such a store does not load them.
    from vallum.stores.sql.sessions import SqlSessions  # noqa: PLC0415 - see above
    from vallum.stores.valkey.sessions import ValkeySessions  # noqa: PLC0415 - see above

    if isinstance(store, ValkeySessions) and store.url:
        from vallum.stores.valkey import front as valkey_front  # noqa: PLC0415 - see above

        return valkey_front.open_front(store, store.url)
    if isinstance(store, SqlSessions) and not store.database.reads_at_once:
        from vallum.stores.sql.postgres import PostgresDatabase  # noqa: PLC0415 - see above
        from vallum.stores.sql.postgres_front import PostgresFront  # noqa: PLC0415 - see above

        if isinstance(store.database, PostgresDatabase):
            return PostgresFront(store.database.url, wait_seconds=store.database.wait_seconds)
    return None
