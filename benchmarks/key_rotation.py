"""How fast rows are sealed anew: `vallum keys rotate` over SQLite, and the peak of memory at two sizes.

usage: python benchmarks/key_rotation.py [ROWS]
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import Column, Engine, Integer, MetaData, Table, create_engine, insert

from vallum.guard.crypto.sealing import SealedBox, generate_field_key
from vallum.guard.data.encrypted_columns import EncryptedText
from vallum.guard.data.key_rotation import KeyRotation, columns_of

OLD, NEW = generate_field_key(), generate_field_key()


def people(box: SealedBox) -> Table:
    """A table with one sealed column."""
    key, iban = Column("id", Integer, primary_key=True), Column("iban", EncryptedText(box, "people.iban"))
    return Table("people", MetaData(), key, iban)


def fill(engine: Engine, count: int) -> None:
    """Write `count` rows under the old key."""
    table = people(SealedBox.from_secrets([OLD]))
    table.metadata.create_all(engine)
    for start in range(0, count, 10_000):
        rows = [{"iban": f"DE{row:020}"} for row in range(start, min(start + 10_000, count))]
        with engine.begin() as connection:
            connection.execute(insert(table), rows)


def measure(count: int) -> None:
    """Print one row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        engine = create_engine(f"sqlite:///{Path(folder, 'people.sqlite')}")
        fill(engine, count)
        box = SealedBox.from_secrets([NEW, OLD])
        begun, cpu = time.perf_counter(), time.process_time()
        report = KeyRotation(engine, columns_of(people(box).metadata), sink=lambda _: None).run()
        seconds, used = time.perf_counter() - begun, time.process_time() - cpu
        engine.dispose()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{report.sealed:>10,}{seconds:>10.1f}{count / seconds:>12,.0f}{count / used:>16,.0f}{peak:>8.0f}")


def main() -> None:
    """Measure a tenth of the rows, then all."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    print(f"{'rows':>10}{'seconds':>10}{'rows/s':>12}{'rows/CPU-s':>16}{'MiB':>8}")
    for size in (count // 10, count):
        measure(size)


if __name__ == "__main__":
    main()
