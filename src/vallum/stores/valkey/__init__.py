"""Stores in Valkey or Redis: one atomic script for each decision.

All keys of a store share one hash tag, so that a cluster keeps them in one slot: there one node serves a store, as a
script needs. Keys are digests. What has ended expires by itself. Run the server with `appendonly yes` and
`maxmemory-policy noeviction`: a revocation that was evicted is a revocation taken back.
"""
