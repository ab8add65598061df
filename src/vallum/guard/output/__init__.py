"""What leaves the app: escaping, templates, redirects, the Content Security Policy."""
