"""Rules of the area supply_chain."""
