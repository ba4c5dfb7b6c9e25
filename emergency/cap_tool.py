"""`gengfu cap check FILE…`: one JSON verdict a line. Reads files and keys; judges by the same functions as the ingest port."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from emergency import cap, cap_message, cap_signature, safe_xml
from emergency.cap_signature import PinnedKey
from station.arguments import Parser
from station.words import Misheard, Refused, Text


def main(argv: list[str]) -> int:
    """0 when every file is valid CAP, 1 when one is not, 2 for wrong use."""
    parser = Parser(prog="gengfu cap", description="check CAP files · 检查 CAP 文件")
    verbs = parser.add_subparsers(dest="verb", required=True)
    check = verbs.add_parser("check", help="one JSON verdict a line · 每个文件输出一行 JSON 结论")
    check.add_argument("files", nargs="+", metavar="FILE", type=Path)
    check.add_argument(
        "--key", action="append", default=[], metavar="PEM", type=Path, help="pinned public key · 登记公钥"
    )
    options = parser.parse_args(argv)
    keys = tuple(cap_signature.load_key(path) for path in options.key)
    verdicts = [verdict(path, keys) for path in options.files]
    for said in verdicts:
        sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    return 0 if all(said["valid"] for said in verdicts) else 1


def verdict(path: Path, keys: tuple[PinnedKey, ...] = ()) -> dict[str, Any]:
    """What a file is: version, validity, profile, signature, reasons in both languages, what the port would do."""
    said: dict[str, Any] = {
        "file": str(path),
        "version": None,
        "valid": False,
        "profile": None,
        "signature": None,
    }
    try:
        with path.open("rb") as file:
            data = file.read(safe_xml.MAX_BYTES + 1)
        judged = cap.judge(data)
    except OSError as error:
        return said | _refusal(Text(f"cannot be read: {error.strerror}", f"无法读取:{error.strerror}"))
    except Misheard as error:
        return said | _refusal(error.text)
    checked = cap_signature.check(data, keys)
    said |= {"version": judged.version, "valid": judged.valid, "signature": checked.words.en}
    if judged.alert is None or judged.breaches:
        return said | _refusal(*judged.reasons)
    try:
        cap_message.to_message(judged.alert)
    except Refused as refused:
        return said | _refusal(refused.text)
    would = "accept, verified" if checked.verified else "accept, unverified: three signatures"
    return said | {"profile": cap_message.PROFILE, "reasons": [], "would": would}


def _refusal(*reasons: Text) -> dict[str, Any]:
    return {"reasons": [{"en": text.en, "zh": text.zh} for text in reasons], "would": "refuse"}
