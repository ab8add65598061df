"""Password hashes: Argon2id for new ones; bcrypt, scrypt and PBKDF2 kept or imported. One file for each scheme."""
