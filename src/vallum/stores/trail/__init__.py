"""The audit trail: who changed what, in a table that can only grow, chained by hashes and sealed by signed checkpoints.

TRAIL = Trail(SQLITE)
TRAIL.create(connection)                                         # once
with connection:                                                 # one transaction
    connection.execute("UPDATE users SET admin = 1 WHERE id = 7")
    TRAIL.append(connection, Entry(event="rights-changed", actor="1", subject="user:7", detail={"admin": True}))
TRAIL.seal(connection, HmacSigner(secret))                       # from time to time
verify_trail(connection, HmacSigner(secret))
"""

from vallum.stores.trail.checkpoint import Ed25519Signer, Ed25519Verifier, HmacSigner, Signer, Verifier
from vallum.stores.trail.entry import Entry
from vallum.stores.trail.table import POSTGRES, SQLITE, Trail, TrailError
from vallum.stores.trail.verification import Fault, TrailReport, verify_trail

__all__ = [
    "POSTGRES",
    "SQLITE",
    "Ed25519Signer",
    "Ed25519Verifier",
    "Entry",
    "Fault",
    "HmacSigner",
    "Signer",
    "Trail",
    "TrailError",
    "TrailReport",
    "Verifier",
    "verify_trail",
]
