"""The upstream platform as a child of a bench: signs an EBD before the clock begins, sends it, says when. Runs the product's simulator, which shares no codec with the product.

usage: upstream.py INGEST_PORT KEYS_DIR        stdin: {"text": …, "areas": […], "minutes": …} or {"cancel": EBMID}, a line each
"""

from __future__ import annotations

import http.client
import json
import secrets
import sys
import time
from pathlib import Path

from emergency import sim_platform, sim_signing


def form(tar: bytes, token: str) -> tuple[dict[str, str], bytes]:
    """Headers and body of the upload, as a platform sends it."""
    mark = secrets.token_hex(16)
    head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="EBDT.tar"\r\n'
    body = head.encode() + b"Content-Type: application/x-tar\r\n\r\n" + tar + f"\r\n--{mark}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={mark}", "Authorization": f"Bearer {token}"}
    return headers, body


def main() -> int:
    """Until stdin ends."""
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    key = sim_signing.read_secret(folder / "ebd.key")
    token = (folder / "ebd.token").read_text("ascii").strip()
    for number, line in enumerate(sys.stdin, 1):
        asked = json.loads(line)
        wish = sim_platform.Wish(
            now=time.time_ns() // 10**9,
            number=number,
            event="11A51",
            level=1,
            areas=tuple(asked.get("areas", ())),
            text=asked.get("text", ""),
            minutes=asked.get("minutes", 5),
            cancel=asked.get("cancel", ""),
        )
        ebm, tar = sim_platform.ebd_alert(wish, key)
        headers, body = form(tar, token)
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        link.connect()
        posted = time.monotonic_ns()
        link.request("POST", "/ingest/ebd", body, headers)
        answer = link.getresponse()
        data = answer.read()
        answered = time.monotonic_ns()
        link.close()
        said = (
            sim_platform.read_answer(data, None) if answer.status == 200 else {"words": data[:200].decode()}
        )
        row = {"posted": posted, "answered": answered, "ebm": ebm, "bytes": len(body), **said}
        print(json.dumps(row, ensure_ascii=False), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
