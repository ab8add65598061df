"""What `import vallum.guard` costs beside `import starlette.applications`: time and modules, and the factor.

usage: python benchmarks/import_guard.py [ROUNDS]
"""

import statistics
import subprocess
import sys

PROBE = """
import sys, time
before, start = set(sys.modules), time.perf_counter()
import {}
print((time.perf_counter() - start) * 1e3, len(set(sys.modules) - before))
"""
ROWS = ("vallum.guard", "starlette.applications", "fastapi")


def measure(module: str) -> tuple[float, int]:
    """Milliseconds and new modules of one import in a fresh interpreter."""
    done = subprocess.run([sys.executable, "-c", PROBE.format(module)], capture_output=True, text=True, check=True)
    milliseconds, modules = done.stdout.split()
    return float(milliseconds), int(modules)


def main(rounds: int) -> None:
    """Interleave the rows, so that a busy machine slows all alike, and print medians."""
    found: dict[str, list[tuple[float, int]]] = {row: [] for row in ROWS}
    for _ in range(rounds):
        for row in ROWS:
            found[row].append(measure(row))
    medians = {row: statistics.median(time for time, _ in runs) for row, runs in found.items()}
    print(f"{'import':24} {'ms':>7} {'modules':>8} {'factor':>7}")
    for row in ROWS:
        print(f"{row:24} {medians[row]:7.1f} {found[row][0][1]:8} {medians[row] / medians[ROWS[0]]:7.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
