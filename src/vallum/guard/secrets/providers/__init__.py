"""Where secrets are kept: one file for each place, all with one protocol."""
