"""What the check of one token costs, beside PyJWT, joserfc, Authlib, python-jose and the bare signature.

usage: python benchmarks/token_verify.py [--rounds N] [--strict]

Each library checks signature, expiry, issuer and audience as its documents say for a server, with a key object that was
built once; ours checks all claims. A library that is not installed is left out. Rows take turns in shuffled rounds, and
the ratios are medians over the rounds, so that a busy machine changes the microseconds but hardly the ratios.
"""

import argparse
import random
import statistics
import time
import warnings
from collections.abc import Callable
from importlib import import_module

import jwt as pyjwt
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwk as joserfc_jwk
from joserfc import jwt as joserfc_jwt

from vallum.base.randomness import SYSTEM_RANDOMNESS
from vallum.base.secret import Secret
from vallum.crypto.jwt.compact import decode_segment
from vallum.crypto.jwt.keys import Algorithm, SigningKey
from vallum.guard.tokens.access_tokens import AccessTokens, generate_key, load_private, unsafe_shared_key

Act = Callable[[], object]
ISSUER, AUDIENCE = "https://id.example", "bench"
RAW, OURS, SEEN = "bare signature", "vallum", "vallum, seen before"
LEAST_HS256 = {"PyJWT": 5.0, "joserfc": 3.0, "Authlib": 3.0, "python-jose": 3.0}
MOST_OVER_RAW = {"ES256": 1.12, "EdDSA": 1.12, "RS256": 1.3}
MOST_SEEN = 3.0
BLOCK_SECONDS = 0.01


class Bench:
    """One algorithm: a key, a token of ours, and an act for each library that checks it."""

    def __init__(self, algorithm: Algorithm) -> None:
        """Make the key and the token."""
        self.algorithm = algorithm
        self.secret = SYSTEM_RANDOMNESS(32)
        self.key = self.make_key()
        settings = {"key": self.key, "issuer": ISSUER, "audience": AUDIENCE}
        self.cold, self.warm = AccessTokens(remember=0, **settings), AccessTokens(**settings)
        self.token = self.cold.issue("7d9f6f2e-4a54-4d0a-9a58-0d3a5f6f9f01", {"scope": "json:read json:write"})

    def make_key(self) -> SigningKey:
        """RSA with 2048 bits, as the published figures have it; the default of the library is 3072."""
        if self.algorithm == "HS256":
            return unsafe_shared_key(Secret(self.secret), key_id="bench")
        if self.algorithm == "RS256":
            native = generate_private_key(65537, 2048)
            return load_private(Secret(native.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())))
        return generate_key(self.algorithm)

    def list_acts(self) -> dict[str, Act]:
        """The rows."""
        acts = {OURS: lambda: self.cold.verify(self.token), SEEN: lambda: self.warm.verify(self.token)}
        acts[RAW] = self.build_raw()
        acts["PyJWT"] = self.build_pyjwt()
        acts["joserfc"] = self.build_joserfc()
        for name, build in (("Authlib", self.build_authlib), ("python-jose", self.build_jose)):
            try:
                acts[name] = build()
            except (ImportError, LookupError):
                print(f"{self.algorithm}: without {name}, which is not installed or does not know it")
        return acts

    def build_raw(self) -> Act:
        """The floor: the signature alone, already decoded."""
        check, (signed, _, ending) = self.key.public().check, self.token.rpartition(".")
        message, signature = signed.encode(), decode_segment(ending)
        return lambda: check(message, signature)

    def build_pyjwt(self) -> Act:
        """A key object, not PEM text."""
        shared = self.algorithm == "HS256"
        key = self.secret if shared else pyjwt.PyJWK(self.key.public().export_jwk()).key
        algorithms = [self.algorithm]
        return lambda: pyjwt.decode(self.token, key, algorithms=algorithms, audience=AUDIENCE, issuer=ISSUER)

    def build_joserfc(self) -> Act:
        """A claims registry that was built once."""
        jwk = {"kty": "oct", "k": ""} if self.algorithm == "HS256" else self.key.public().export_jwk()
        key = joserfc_jwk.OctKey.import_key(self.secret) if jwk["kty"] == "oct" else joserfc_jwk.import_key(jwk)
        registry = joserfc_jwt.JWTClaimsRegistry(
            exp={"essential": True},
            aud={"essential": True, "value": AUDIENCE},
            iss={"essential": True, "value": ISSUER},
        )
        algorithms = [self.algorithm]
        return lambda: registry.validate(joserfc_jwt.decode(self.token, key, algorithms=algorithms).claims)

    def build_authlib(self) -> Act:
        """Its own JOSE, which it calls deprecated."""
        jose = import_module("authlib.jose")
        shared = self.algorithm == "HS256"
        key = (
            jose.OctKey.import_key(self.secret)
            if shared
            else jose.JsonWebKey.import_key(self.key.public().export_jwk())
        )
        decoder = jose.JsonWebToken([self.algorithm])
        options = {
            "iss": {"essential": True, "value": ISSUER},
            "aud": {"essential": True, "value": AUDIENCE},
            "exp": {"essential": True},
        }
        return lambda: decoder.decode(self.token, key, claims_options=options).validate()

    def build_jose(self) -> Act:
        """An optional peer; it knows no EdDSA."""
        jose, keys = import_module("jose.jwt"), import_module("jose.jwk")
        if self.algorithm == "EdDSA":
            raise LookupError
        text = self.secret.hex() if self.algorithm == "HS256" else self.key.public().export_jwk()
        key = keys.construct(text, self.algorithm) if self.algorithm != "HS256" else self.secret
        algorithms = [self.algorithm]
        return lambda: jose.decode(self.token, key, algorithms=algorithms, audience=AUDIENCE, issuer=ISSUER)


def measure(acts: dict[str, Act], rounds: int) -> dict[str, list[float]]:
    """Microseconds for each act and round, the acts in another order each time."""
    counts = {name: max(1, int(BLOCK_SECONDS / time_block(act, 50))) for name, act in acts.items()}
    times: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(rounds):
        for name in random.sample(list(acts), len(acts)):
            times[name].append(time_block(acts[name], counts[name]) * 1e6)
    return times


def time_block(act: Act, count: int) -> float:
    """CPU seconds for one call."""
    start = time.process_time()
    for _ in range(count):
        act()
    return (time.process_time() - start) / count


def compare(times: dict[str, list[float]], name: str, base: str) -> float:
    """The median over the rounds of one row divided by another."""
    return statistics.median(one / other for one, other in zip(times[name], times[base], strict=True))


def show(algorithm: Algorithm, times: dict[str, list[float]]) -> bool:
    """Print one table and whether the targets are met."""
    print(f"\n{algorithm:24}{'us':>9}{'x bare':>9}{'x vallum':>10}")
    for name, taken in times.items():
        middle = statistics.median(taken)
        print(f"  {name:22}{middle:9.2f}{compare(times, name, RAW):9.2f}{compare(times, name, OURS):10.2f}")
    checks = {"seen <= 3 us": statistics.median(times[SEEN]) <= MOST_SEEN}
    if algorithm == "HS256":
        present = {name: least for name, least in LEAST_HS256.items() if name in times}
        checks |= {f"{name} >= {least}": compare(times, name, OURS) >= least for name, least in present.items()}
    else:
        most = MOST_OVER_RAW[algorithm]
        checks[f"vallum <= {most} x bare"] = compare(times, OURS, RAW) <= most
    print("  " + "; ".join(f"{name}: {'yes' if met else 'NO'}" for name, met in checks.items()))
    return all(checks.values())


def main() -> int:
    """Measure all algorithms; with `--strict` exit 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--strict", action="store_true")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    algorithms: tuple[Algorithm, ...] = ("HS256", "ES256", "EdDSA", "RS256")
    met = [show(algorithm, measure(Bench(algorithm).list_acts(), options.rounds)) for algorithm in algorithms]
    return 1 if options.strict and not all(met) else 0


if __name__ == "__main__":
    raise SystemExit(main())
