"""CAP: parse and schema verdict of an alert of 5 kB, beside lxml's bare parse and its XML schema. Limit: 1 ms; aim: 0.3 ms.

usage: bench/cap.py
"""

import json
import statistics
import time

from lxml import etree

from emergency import cap
from emergency.cap_xsd import xsd

AREA = (
    "<area><areaDesc>县 {n}</areaDesc><polygon>32.5,116.5 32.6,116.5 32.6,116.6 32.5,116.5</polygon>"
    "<geocode><valueName>GB/T 2260</valueName><value>34042210{n:04d}</value></geocode></area>"
)
DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-8"?><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>bench-1</identifier>'
    "<sender>bench@example.org</sender><sent>2026-11-22T08:00:00+08:00</sent><status>Actual</status><msgType>Alert</msgType>"
    "<scope>Public</scope><info><language>zh-CN</language><category>Met</category><event>暴雨</event><urgency>Immediate</urgency>"
    "<severity>Extreme</severity><certainty>Likely</certainty><eventCode><valueName>GB/T 35561</valueName><value>11B03</value>"
    "</eventCode><effective>2026-11-22T08:00:00+08:00</effective><expires>2026-11-22T09:00:00+08:00</expires>"
    f"<senderName>气象台</senderName><headline>暴雨红色预警</headline><description>{'预计未来三小时雨量超过一百毫米。' * 20}</description>"
    "<parameter><valueName>k</valueName><value>v</value></parameter>"
    f"{''.join(AREA.format(n=n) for n in range(18))}</info></alert>"
).encode()
ROUNDS = 400


def milliseconds(ask, argument) -> float:
    """The processor's time of one, over many."""
    begun = time.process_time_ns()
    for _ in range(ROUNDS):
        ask(argument)
    return (time.process_time_ns() - begun) / ROUNDS / 1e6


def main() -> int:
    """Seven interleaved runs; medians and spread."""
    schema = etree.XMLSchema(etree.fromstring(xsd("1.2").encode()))
    assert cap.judge(DOCUMENT).reasons == ()
    assert not cap.judge(DOCUMENT.replace(b"<scope>Public</scope>", b"")).valid
    asks = {
        "verdict": cap.judge,
        "lxml_parse": etree.fromstring,
        "lxml_parse_and_schema": lambda data: schema.validate(etree.fromstring(data)),
    }
    runs = {name: [] for name in asks}
    for _ in range(7):
        for name, ask in asks.items():
            runs[name].append(milliseconds(ask, DOCUMENT))
    told = {
        name: {
            "median_ms": round(statistics.median(v), 4),
            "min_ms": round(min(v), 4),
            "max_ms": round(max(v), 4),
        }
        for name, v in runs.items()
    }
    verdict = statistics.median(runs["verdict"])
    told["bytes"] = len(DOCUMENT)
    told["ratio_to_lxml_parse"] = round(verdict / statistics.median(runs["lxml_parse"]), 1)
    told |= {"limit_ms": 1.0, "aim_ms": 0.3}
    print(json.dumps({"cap": told}, indent=1))
    return 0 if verdict <= 1.0 else 1


if __name__ == "__main__":
    raise SystemExit(main())
