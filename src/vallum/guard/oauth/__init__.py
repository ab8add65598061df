"""OAuth 2.0 and OpenID Connect client: sign in with another provider by authorization code, PKCE, state and nonce."""
