"""Who is it: passwords, login, second factors, account recovery."""
