"""Verification: reads the whole trail and names the first bad row: tampered, removed, reordered or cut off."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vallum.stores.trail.checkpoint import Verifier, checkpoint_message
from vallum.stores.trail.entry import GENESIS, Row
from vallum.stores.trail.table import read_checkpoints, read_rows


@dataclass(frozen=True, slots=True)
class Fault:
    """The first row that does not fit, and why."""

    seq: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailReport:
    """What a verification found: `rows` that fit, how many of them a checkpoint seals, and the first fault or None."""

    rows: int
    sealed: int
    fault: Fault | None

    @property
    def intact(self) -> bool:
        """Whether nothing was found."""
        return self.fault is None


def verify_trail(
    connection: Any, verifier: Verifier | None = None, *, known: Iterable[Mapping[str, Any]] = ()
) -> TrailReport:
    """Check every row, and with a `verifier` every checkpoint, those in `known` (kept elsewhere) included.

    Without checkpoints the chain shows changes within, and cannot show that the end is missing or that somebody who may
    write the table has rewritten all of it. With a verifier, a trail that has rows and no checkpoint is a fault.
    """
    checkpoints = [*read_checkpoints(connection), *known]
    hashes: dict[int, str] = {0: GENESIS}
    wanted = {0, *(int(one["seq"]) for one in checkpoints)}
    fault, last = None, 0
    for row in read_rows(connection):
        fault = _judge_row(row, last, hashes.get(last, ""))
        if fault is not None:
            break
        if last not in wanted:
            del hashes[last]
        last = row.seq
        hashes[last] = row.hash
    fault = fault or _judge_end(checkpoints, verifier, hashes, last)
    sealed = max((int(one["seq"]) for one in checkpoints), default=0) if verifier is not None and fault is None else 0
    return TrailReport(rows=last, sealed=sealed, fault=fault)


def _judge_row(row: Row, last: int, previous: str) -> Fault | None:
    if row.seq != last + 1:
        return Fault(last + 1, f"is missing: after {last} comes {row.seq}")
    if row.previous != previous:
        return Fault(row.seq, "does not continue the row before it: rows were exchanged, or one of them rewritten")
    if row.hash != row.digest():
        return Fault(row.seq, "was changed: its hash does not fit what it says")
    return None


def _judge_end(
    checkpoints: list[Mapping[str, Any]], verifier: Verifier | None, hashes: Mapping[int, str], last: int
) -> Fault | None:
    if verifier is not None and last and not checkpoints:
        return Fault(last, "is sealed by no checkpoint: there is none, although a key was given")
    for one in sorted(checkpoints, key=lambda one: int(one["seq"])):
        fault = _judge_checkpoint(one, verifier, hashes, last)
        if fault is not None:
            return fault
    return None


def _judge_checkpoint(
    one: Mapping[str, Any], verifier: Verifier | None, hashes: Mapping[int, str], last: int
) -> Fault | None:
    seq = int(one["seq"])
    if verifier is not None and not _is_signed(one, verifier):
        return Fault(seq, "has a checkpoint with a wrong signature")
    if seq > last:
        return Fault(last + 1, f"is missing: the trail ends at {last}, a checkpoint seals it up to {seq}")
    if hashes.get(seq) != one["hash"]:
        return Fault(seq, "is not the row that its checkpoint seals: the trail was rewritten")
    return None


def _is_signed(one: Mapping[str, Any], verifier: Verifier) -> bool:
    message = checkpoint_message(int(one["seq"]), str(one["hash"]), str(one["at"]))
    return one["algorithm"] == verifier.algorithm and verifier.accepts(message, str(one["signature"]))
