"""Revoked access tokens in Valkey or Redis: one key for each, which expires with its token."""

from typing import Any, Final

from vallum.stores.accounts import AccountStore
from vallum.stores.revocations import Standing
from vallum.stores.valkey.client import Keyspace, Script, hash_name, keep_for, text

_REVOKE: Final = Script("""
local before = redis.call('GET', KEYS[1])
if before and tonumber(before) >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return before and 0 or 1
""")


class ValkeyRevocations:
    """A `RevocationStore` on a server that all machines share; the epochs are read from the accounts.

    Run the server with `appendonly yes` and `maxmemory-policy noeviction`: what it forgets is no longer revoked.
    """

    shared: Final = True
    reads_at_once: Final = False
    writes_at_once: Final = False

    def __init__(self, server: str | Any, accounts: AccountStore, *, prefix: str = "vallum") -> None:
        """Use `server`: a URL (valkey://, valkeys:// with TLS, unix://) or a client of the package redis."""
        self._space = Keyspace(server, "revocation", prefix)
        self._prefix = prefix
        self._accounts = accounts

    def close(self) -> None:
        """Close the connections."""
        self._space.client.close()

    def revoke(self, jti: str, until: float, now: float) -> bool:
        """Revoke a token until it ends by itself at `until`; True if it was not revoked before."""
        if until <= now:
            return False
        values = [repr(float(until)), keep_for(until - now)]
        return bool(_REVOKE.run(self._space.client, [self._key(jti)], values) == 1)

    def is_revoked(self, jti: str, now: float) -> bool:
        """Tell whether the token was revoked."""
        until = self._space.client.get(self._key(jti))
        return until is not None and now < float(text(until))

    def read(self, jti: str, account_id: str, now: float) -> Standing:
        """Revocation and epoch in one call."""
        account = self._accounts.find(account_id)
        epoch = account.epoch if account is not None and account.is_active else None
        return Standing(self.is_revoked(jti, now), epoch)

    def purge(self, now: float) -> int:  # noqa: ARG002 - the protocol's; the server needs no telling
        """0: the server forgets by itself what has ended."""
        return 0

    def _key(self, jti: str) -> str:
        return f"{self._prefix}:revocation:{hash_name(jti)}"
