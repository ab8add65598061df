"""Claims about supply_chain."""
