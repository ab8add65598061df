"""Speaks to a Valkey or Redis server: connects by URL, runs scripts by their digest."""

import hashlib
import math
from typing import Any, Final

from vallum.base.errors import ConfigError

QUICK_SECONDS: Final = 0.25
"""How long rate limits wait, whose loss harms less than a slow answer."""
_WAIT_SECONDS: Final = 2.0
_SLACK_SECONDS: Final = 60
"""How much longer the server keeps what has ended: the clocks of guard and server need not agree to the second."""


class Script:
    """A Lua script that the server knows by its digest."""

    def __init__(self, text: str) -> None:
        """Name the script as the server does: no secret rests on it."""
        self._text = text
        self._sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def run(self, client: Any, keys: list[str], values: list[Any]) -> Any:
        """Run it on the keys and values. Raises what the client raises."""
        try:
            return client.evalsha(self._sha, len(keys), *keys, *values)
        except Exception as error:
            # The server has restarted or its scripts were flushed; EVAL keeps the script for the next time. By name,
            # for the packages redis and valkey each have a class of their own.
            if type(error).__name__ != "NoScriptError":
                raise
            return client.eval(self._text, len(keys), *keys, *values)


class Keyspace:
    """The keys of one store, all under one hash tag."""

    def __init__(self, server: str | Any, kind: str, prefix: str) -> None:
        """Keep what `kind` needs under `prefix`. Raises `ConfigError` for a prefix that would break the hash tag."""
        if not prefix or set(prefix) & set("{} \n"):
            raise ConfigError(
                f"the prefix {prefix!r} is empty or holds a brace or a space.",
                hint="Take a short word, such as the name of the application.",
                code="prefix-unclear",
            )
        self.client = connect(server, _WAIT_SECONDS) if isinstance(server, str) else server
        self.base = f"{{{prefix}:{kind}}}:"

    def run(self, script: Script, *values: str | float | bytes) -> Any:
        """Run a script that builds its keys from the base; floats reach it with all their digits."""
        return script.run(
            self.client, [self.base], [repr(value) if isinstance(value, float) else value for value in values]
        )


def hash_name(name: str) -> str:
    """What stands in a key instead of a name."""
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def keep_for(seconds: float) -> int:
    """The milliseconds after which the server may forget what ends in `seconds`."""
    return math.ceil((max(seconds, 0) + _SLACK_SECONDS) * 1000)


def text(answer: Any) -> str:
    """An answer of the server as text, whether or not the client decodes."""
    return answer.decode() if isinstance(answer, bytes) else str(answer)


def connect(url: str, wait: float) -> Any:
    """A client of the package redis for the server at `url`, which waits `wait` seconds and tries nothing twice.

    Raises `ConfigError` for another kind of URL, or when the package is missing.
    """
    scheme, _, rest = url.partition("://")
    spoken = {"valkey": "redis", "valkeys": "rediss", "redis": "redis", "rediss": "rediss", "unix": "unix"}.get(scheme)
    if spoken is None:
        raise ConfigError(
            "the address of the server is not a URL for Valkey or Redis.",
            hint="Write valkey://host:6379/0, valkeys:// for TLS, or unix:///path/to/socket.",
            code="server-unclear",
        )
    try:
        from redis import Redis  # noqa: PLC0415 - an extra, loaded only where it is used
        from redis.backoff import NoBackoff  # noqa: PLC0415 - the same
        from redis.retry import Retry  # noqa: PLC0415 - the same
    except ImportError:
        hint = 'Install it: pip install "vallum[valkey]".'
        raise ConfigError("stores in Valkey need the package redis.", hint=hint, code="extra-missing") from None
    return Redis.from_url(
        f"{spoken}://{rest}", socket_timeout=wait, socket_connect_timeout=wait, retry=Retry(NoBackoff(), 0)
    )
