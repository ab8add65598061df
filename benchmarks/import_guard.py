"""What importing the guard costs over a bare Starlette: milliseconds, MiB, modules, and what the usual peers cost.

usage: python benchmarks/import_guard.py [ROUNDS]

Each row is a fresh interpreter that has imported Starlette before. The peers are measured where they are installed:
pip install secure starlette-csrf asgi-correlation-id slowapi pyjwt structlog argon2-cffi itsdangerous
"""

import statistics
import subprocess
import sys
from importlib.util import find_spec

PROBE = """
import sys, time
from starlette.applications import Starlette; from starlette.routing import Route
from starlette.responses import JSONResponse
def size():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmRSS")) / 1024
before, memory, start = set(sys.modules), size(), time.perf_counter()
{}
print((time.perf_counter() - start) * 1e3, size() - memory, len(set(sys.modules) - before))
"""
PEERS = ("secure", "starlette_csrf", "asgi_correlation_id", "slowapi", "jwt", "structlog", "argon2", "itsdangerous")
ROWS = {
    "import vallum.guard": "import vallum.guard",
    "the names of handlers": "from vallum.guard import current_actor, public, requires, sign_in, signed_in",
    "an app that is guarded": "from vallum.guard import Guard, GuardPolicy, public\nGuard(Starlette())",
}
STACK = "the usual peers"
STACK_CODE = (
    "import starlette.middleware.cors, starlette.middleware.sessions, starlette.middleware.authentication, secure,"
    " secure.middleware, starlette_csrf, asgi_correlation_id, slowapi, slowapi.middleware, jwt, structlog, argon2"
)


def measure(code: str) -> tuple[float, float, float]:
    """Milliseconds, MiB and modules of one import."""
    done = subprocess.run([sys.executable, "-c", PROBE.format(code)], capture_output=True, text=True, check=True)
    milliseconds, memory, modules = done.stdout.split()
    return float(milliseconds), float(memory), int(modules)


def main(rounds: int) -> None:
    """Interleave the rows, so that a busy machine slows all alike, and print medians."""
    rows = dict(ROWS)
    missing = [name for name in PEERS if find_spec(name) is None]
    if missing:
        print(f"without the row {STACK!r}: not installed are {', '.join(missing)}")
    else:
        rows[STACK] = STACK_CODE
    found: dict[str, list[tuple[float, float, float]]] = {row: [] for row in rows}
    for code in rows.values():
        measure(code)
    for _ in range(rounds):
        for row, code in rows.items():
            found[row].append(measure(code))
    print(
        f"{'over bare Starlette':24} {'ms':>8} {'MiB':>6} {'modules':>8}"
        + (f" {'ms of peers':>12}" if not missing else "")
    )
    medians = {row: [statistics.median(column) for column in zip(*runs, strict=True)] for row, runs in found.items()}
    for row, (milliseconds, memory, modules) in medians.items():
        share = "" if missing else f" {milliseconds / medians[STACK][0]:12.3f}"
        print(f"{row:24} {milliseconds:8.1f} {memory:6.1f} {modules:8.0f}{share}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
