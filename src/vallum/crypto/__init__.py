"""Floor 1: one folder for each specification, over `cryptography`, `argon2-cffi` and `joserfc`. No I/O."""
