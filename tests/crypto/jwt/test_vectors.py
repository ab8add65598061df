"""Published examples, and tokens exchanged with other libraries."""

import base64
import hashlib
import json
from typing import Any

import jwt as pyjwt
import pytest
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from vallum.base.secret import Secret
from vallum.crypto.jwt.claims import ClaimsPolicy
from vallum.crypto.jwt.compact import TokenRefusedError, decode_segment
from vallum.crypto.jwt.issuer import Issuer
from vallum.crypto.jwt.keys import Algorithm, generate_key, load_jwk, load_private, load_public, unsafe_shared_key
from vallum.crypto.jwt.verifier import Verifier

PAYLOAD = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
CLAIMS = {"iss": "joe", "exp": 1300819380, "http://example.com/is_root": True}
HS256 = f"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{PAYLOAD}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
HS256_KEY = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
ES256 = (
    f"eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)
ES256_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
RS256 = (
    f"eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}."
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t"
    "1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12j"
    "zDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQ"
    "Ge77Rw"
)
RS256_KEY = {
    "kty": "RSA",
    "e": "AQAB",
    "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2l"
    "ZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2Cap"
    "Hg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h"
    "4FRWyuXpoQ",
}
ED25519_KEY = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}


def test_rfc_7515_a1_hs256() -> None:
    key = unsafe_shared_key(Secret(decode_segment(HS256_KEY)), key_id="a1")
    assert Verifier([key.public()]).verify(HS256, token_type="JWT") == CLAIMS


@pytest.mark.parametrize(("kind", "jwk", "token"), [(ECKey, ES256_KEY, ES256), (RSAKey, RS256_KEY, RS256)])
def test_rfc_7515_a2_and_a3(kind: Any, jwk: dict[str, str], token: str) -> None:
    key = load_public(kind.import_key(jwk).as_pem(private=False))
    assert Verifier([key]).verify(token, token_type="") == CLAIMS
    with pytest.raises(TokenRefusedError):
        Verifier([key]).verify(token[:-6] + "AAAAAA", token_type="")


def test_rfc_8037_a4_ed25519_and_a3_thumbprint() -> None:
    key = load_public(OKPKey.import_key(ED25519_KEY).as_pem(private=False))
    assert key.key_id == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    assert key.verify(b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc", decode_segment(signature))


def test_rfc_7638_section_3_1() -> None:
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj"
        "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvR"
        "L5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDK"
        "gw"
    )
    key = load_jwk({"kty": "RSA", "n": modulus, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29"})
    assert key.thumbprint() == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    assert key.key_id == "2011-04-29"


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_rfc_7638_the_default_key_id_is_the_thumbprint(algorithm: Algorithm) -> None:
    jwk = generate_key(algorithm).public().export_jwk()
    members = {name: jwk[name] for name in ("crv", "e", "kty", "n", "x", "y") if name in jwk}
    digest = hashlib.sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode()).digest()
    assert jwk["kid"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert (jwk["alg"], jwk["use"]) == (algorithm, "sig")
    assert not {"d", "p", "q", "k"} & jwk.keys()


POLICY = ClaimsPolicy(issuer="https://id.example", audience="api", token_type="at+jwt", token_use="access")


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_pyjwt_accepts_our_tokens_and_we_accept_its(algorithm: Algorithm) -> None:
    key = generate_key(algorithm)
    token = Issuer(key=key, policy=POLICY).issue("u1", {"scope": "read"})
    jwk = pyjwt.PyJWK(key.public().export_jwk())
    claims = pyjwt.decode(token, jwk, algorithms=[algorithm], audience="api", issuer="https://id.example")
    assert (claims["sub"], claims["scope"]) == ("u1", "read")
    private = key._key.as_pem(private=True)
    theirs = pyjwt.encode(claims, private, algorithm, headers={"typ": "at+jwt", "kid": key.key_id})
    again = load_private(Secret(private))
    assert POLICY.check(Verifier([again.public()]).verify(theirs, token_type="at+jwt")).subject == "u1"


def test_joserfc_accepts_our_tokens() -> None:
    key = generate_key()
    token = Issuer(key=key, policy=POLICY).issue("u1")
    decoded = joserfc_jwt.decode(token, ECKey.import_key(dict(key.public().export_jwk())), algorithms=["ES256"])
    assert decoded.claims["sub"] == "u1"
    assert decoded.header == {"alg": "ES256", "kid": key.key_id, "typ": "at+jwt"}
