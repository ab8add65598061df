"""Foreign files and scripts: used only when they are the ones that were reviewed."""
