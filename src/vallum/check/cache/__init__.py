"""What the check has worked out before: whole examinations, by what they were made of."""
