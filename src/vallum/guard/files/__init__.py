"""Files: paths that cannot leave their folder, archives, uploads."""
