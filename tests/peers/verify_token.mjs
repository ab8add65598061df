// Checks one token by the keys of a JWKS document: {"token", "keys", "issuer", "audience"} on standard input.
import { createLocalJWKSet, jwtVerify } from 'jose';
import { readFileSync } from 'node:fs';

const { token, keys, issuer, audience } = JSON.parse(readFileSync(0, 'utf8'));
try {
  const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet({ keys }), { issuer, audience, typ: 'at+jwt' });
  console.log(JSON.stringify({ subject: payload.sub, algorithm: protectedHeader.alg }));
} catch (error) {
  console.log(JSON.stringify({ refused: error.code }));
}
