"""JSON Web Tokens (RFC 7519) over joserfc: the algorithm belongs to the key, never to the token (RFC 8725)."""
