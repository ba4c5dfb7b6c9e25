"""How many 0xFEFD frames a second one core decodes and encodes again: a signed start order and a terminal's answer. Limit: 20,000.

usage: bench/fefd_codec.py
"""

import json
import statistics
import time

from devices.fefd import Frame, Reader, Signature, encode
from devices.fefd_bodies import Answer, Start, answer_body, start_body
from devices.profile import load_profile

PROFILE = load_profile("gengfu-sim")
CODE = "63404221002010314010401"
START = Start(
    ebm_id="1" * 35,
    kind=4,
    level=1,
    event="11B03",
    start=1,
    end=2,
    auxiliaries=((61, b"rtp://239.1.1.1:5004"),),
)
ORDER = Frame(
    session=1,
    kind=1,
    source=CODE,
    targets=(CODE,),
    business=1,
    body=start_body(START),
    signature=Signature(at=1, certificate="0" * 12, value=bytes(64)),
)
ANSWER = Frame(
    session=1, kind=2, source=CODE, targets=(CODE,), business=1, body=answer_body(Answer(result=0))
)


def rate(frame: Frame, header: int, count: int = 10_000) -> float:
    reader, data = Reader(PROFILE, header=header), encode(frame, PROFILE, header=header)
    begun = time.perf_counter()
    for _ in range(count):
        (read,) = reader.feed(data)
        assert encode(read, PROFILE, header=header) == data
    return count / (time.perf_counter() - begun)


def main() -> int:
    told = {}
    runs = [(rate(ORDER, 12), rate(ANSWER, 11)) for _ in range(5)]
    for name, values in zip(("signed_start", "answer"), zip(*runs, strict=True), strict=True):
        told[name] = {
            "median": round(statistics.median(values)),
            "min": round(min(values)),
            "max": round(max(values)),
        }
    told["limit"] = 20_000
    print(json.dumps({"frames_per_second": told}, indent=1))
    return 0 if min(told[name]["median"] for name in ("signed_start", "answer")) >= 20_000 else 1


if __name__ == "__main__":
    raise SystemExit(main())
