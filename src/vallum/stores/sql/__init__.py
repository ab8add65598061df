"""Stores in a SQL database: one portable text for SQLite and PostgreSQL."""
