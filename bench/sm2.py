"""SM2 on this machine: signatures and verifications a second of the product's engine, beside gmssl and the limit asked for.

usage: python bench/sm2.py [--check]   (--check: exit 1 below 700 verifications a second)
"""

from __future__ import annotations

import statistics
import sys
import time

from emergency import sm2

LIMIT = 700  # verifications a second
ROUNDS = 5
MESSAGE = b"x" * 1500


def rate(call, seconds: float) -> float:
    """Calls a second over at least `seconds`."""
    began, count = time.perf_counter(), 0
    while (passed := time.perf_counter() - began) < seconds:
        call()
        count += 1
    return count / passed


def main() -> int:
    key = sm2.generate()
    engines = [sm2.engine(), sm2.GmsslEngine()]
    found: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for engine in engines:  # interleaved, so that a busy moment meets both
            signer, verifier = engine.signer(key), engine.verifier(key.public)
            signature = signer.sign(MESSAGE)
            forged = bytes([signature[0] ^ 1]) + signature[1:]
            if not verifier.verify(MESSAGE, signature) or verifier.verify(MESSAGE, forged):
                print(f"{engine.name}: accepts the wrong or refuses the right")
                return 1
            found.setdefault(f"{engine.name} sign", []).append(rate(lambda s=signer: s.sign(MESSAGE), 0.5))
            verify = rate(lambda v=verifier, g=signature: v.verify(MESSAGE, g), 0.5)
            found.setdefault(f"{engine.name} verify", []).append(verify)
    for name, rates in found.items():
        print(
            f"{name:16} median {statistics.median(rates):8.0f}/s  from {min(rates):.0f} to {max(rates):.0f}"
        )
    ours = statistics.median(found[f"{engines[0].name} verify"])
    print(
        f"verify: {ours / statistics.median(found['gmssl verify']):.0f} x gmssl, {ours / LIMIT:.1f} x the limit {LIMIT}/s"
    )
    return 1 if "--check" in sys.argv and ours < LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
