"""What libraries do, as data: `<language>/<library>.toml`; `library` reads it."""
