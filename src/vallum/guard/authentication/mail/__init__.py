"""Mail that the account flows send: a small protocol, SMTP, and what development and tests need."""
