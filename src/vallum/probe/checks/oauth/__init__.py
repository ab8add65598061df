"""Claims on the app as a client of OAuth and OpenID Connect providers, and as a provider."""
