"""What reaches the database: bound parameters, least privilege, atomic changes."""
