"""Who may come in: declarations, the role table, ownership of objects."""
