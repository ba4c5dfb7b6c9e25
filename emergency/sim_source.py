"""`gengfu sim source`: an upstream platform that signs and sends EBD or CAP and says what it was answered. Shares no codec with the product."""

from __future__ import annotations

import argparse
import http.client
import json
import secrets
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import attrs

from emergency import sim_platform, sim_signing
from station.arguments import Parser
from station.clock import wall_us
from station.oserrors import os_zh


def main(argv: list[str]) -> int:
    """0 when every one was accepted, 1 when one was refused or nobody answered, 2 for wrong use."""
    options = _options().parse_args(argv)
    if options.init:
        names = sim_signing.init(Path(options.init))
        _say({"folder": options.init, "files": names})
        return 0
    if not options.to or (
        not options.heartbeat and not options.state and not options.cancel and not options.areas
    ):
        _options().print_usage(sys.stderr)
        sys.stderr.write(
            "gengfu sim source: --to and --areas (or --cancel, --heartbeat, --state) are needed · 需要 --to 与 --areas\n"
        )
        return 2
    if options.fault == "traversal" and options.kind == "cap":
        sys.stderr.write("gengfu sim source: a CAP alert has no tar to traverse · CAP 没有 tar\n")
        return 2
    if not options.to.startswith(("http://", "https://")):
        sys.stderr.write(
            f"gengfu sim source: --to {options.to} is no address such as http://127.0.0.1:8601 · --to 须写成 http://127.0.0.1:8601 这样的地址\n"
        )
        return 2
    try:
        return max(_send(options, turn) for turn in range(options.count))
    except (OSError, http.client.HTTPException, ValueError) as error:
        sys.stderr.write(f"gengfu sim source: {_why(options, error)}\n")
        return 1


def _why(options: argparse.Namespace, error: Exception) -> str:
    """What failed and where, and what to look at, in both languages."""
    if isinstance(error, OSError) and error.filename:
        return (
            f"{error.filename} cannot be read: {error.strerror}; --keys is the folder `upstream` in the station's state directory\n"
            f"{error.filename} 无法读取:{os_zh(error)};--keys 应为台站状态目录中的 upstream"
        )
    if isinstance(error, OSError):
        return (
            f"nobody answers at {options.to}: {error.strerror or error}; is the station running, and is this its ingest port?\n"
            f"{options.to} 没有应答:{os_zh(error)};请确认台站正在运行、端口为预警接入端口"
        )
    return str(error)


def _options() -> Parser:
    parser = Parser(
        prog="gengfu sim source",
        description="an upstream platform: signs and sends alerts · 上级平台:签名并发送预警",
    )
    add = parser.add_argument
    add("--init", metavar="DIR", help="make keys and tokens of the platform · 生成平台密钥与令牌")
    add("--to", metavar="URL", help="the station's ingest port, http://127.0.0.1:PORT · 台站接收端口")
    add(
        "--kind",
        choices=("ebd", "cap"),
        default="ebd",
        help="what is sent: EBD of the province, or CAP · 发送 EBD(省平台)或 CAP",
    )
    add("--keys", metavar="DIR", default=".", help="folder made by --init · 由 --init 生成的目录")
    add("--key", metavar="FILE", help="private key instead of KIND.key · 私钥文件")
    add("--token", metavar="FILE", help="token instead of KIND.token · 令牌文件")
    add(
        "--station-key",
        metavar="FILE",
        help="check the reply's SM2 signature with this public key · 台站公钥",
    )
    _message_options(parser)
    add("--heartbeat", action="store_true", help="send a ConnectionCheck · 心跳")
    add("--state", metavar="EBMID", default="", help="ask how a message fares · 查询播发状态")
    add(
        "--ebr-code",
        default=attrs.fields(sim_platform.Wish).ebr_code.default,
        help="23 digits · 本平台资源编码",
    )
    add("--sender", default="demo-province", help="sender of a CAP alert · CAP 的发送方")
    add("--count", type=int, default=1, help="how many, one after the other · 连发条数")
    add("--every", type=float, default=0.0, metavar="SECONDS", help="between two of them · 间隔秒数")
    add("--fault", choices=sim_platform.FAULTS, default="", help="plant a fault · 植入故障")
    return parser


def _message_options(parser: Parser) -> None:
    add = parser.add_argument
    add("--event", default="11B03", help="5-character event code · 事件编码")
    add("--level", type=int, choices=(1, 2, 3, 4), default=1, help="1 red to 4 blue · 1 红 至 4 蓝")
    add("--areas", default="", help="12-digit codes, commas between · 12 位区划代码")
    add("--text", default="请立即转移到安全地带。", help="what is spoken · 播报文字")
    add("--title", default="", help="headline; the text where none is given · 标题,不填用播报文字")
    add("--minutes", type=float, default=30, help="until it expires · 有效分钟数")
    add("--drill", action="store_true", help="send it as a drill · 作为演练发送")
    add("--cancel", metavar="ID", default="", help="end this EBMID or CAP identifier · 解除此编号的预警")
    add("--update", metavar="ID", default="", help="replace this one · 更新此编号的预警")


def _wish(options: argparse.Namespace) -> sim_platform.Wish:
    return sim_platform.Wish(
        now=wall_us() // 1_000_000,
        number=_number(Path(options.keys)),
        event=options.event,
        level=options.level,
        areas=tuple(code.strip() for code in options.areas.split(",") if code.strip()),
        text=options.text,
        title=options.title,
        minutes=options.minutes,
        drill=options.drill,
        cancel=options.cancel,
        update=options.update,
        fault=options.fault,
        ebr_code=options.ebr_code,
        sender=options.sender,
    )


def _number(folder: Path) -> int:
    """The next running number, kept beside the keys; a random one where that cannot be written."""
    path = folder / "number"
    try:
        last = int(path.read_text("ascii")) if path.exists() else 0
        path.write_text(str(last % 9999 + 1), "ascii")
    except (OSError, ValueError):
        return 1 + secrets.randbelow(9999)
    return last % 9999 + 1


def _send(options: argparse.Namespace, turn: int) -> int:
    if turn:
        time.sleep(options.every)
    wish = _wish(options)
    folder = Path(options.keys)
    key = Path(options.key) if options.key else folder / f"{options.kind}.key"
    token = (
        (Path(options.token) if options.token else folder / f"{options.kind}.token")
        .read_text("ascii")
        .strip()
    )
    if options.kind == "cap":
        identifier, body = sim_platform.cap_alert(wish, sim_signing.CapKey(key.read_bytes()))
        headers = {"Content-Type": "application/cap+xml", "Authorization": f"Bearer {token}"}
    else:
        identifier, tar = _packet(options, wish, sim_signing.read_secret(key))
        mark = secrets.token_hex(16)
        body, kind = _form(tar, mark), f"multipart/form-data; boundary={mark}"
        headers = {"Content-Type": kind, "Authorization": f"Bearer {token}"}
    began = time.perf_counter_ns()
    status, answer = _post(options.to, f"/ingest/{options.kind}", body, headers)
    said = _understood(options, status, answer)
    said.update(id=identifier, status=status, ms=(time.perf_counter_ns() - began) // 1_000_000)
    _say(said)
    return 0 if said["accepted"] else 1


def _packet(options: argparse.Namespace, wish: sim_platform.Wish, secret: int) -> tuple[str, bytes]:
    if options.heartbeat:
        return sim_platform.heartbeat(wish, secret)
    if options.state:
        return sim_platform.state_request(wish, secret, options.state)
    return sim_platform.ebd_alert(wish, secret)


def _form(tar: bytes, mark: str) -> bytes:
    head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="EBDT.tar"\r\n'
    return head.encode() + b"Content-Type: application/x-tar\r\n\r\n" + tar + f"\r\n--{mark}--\r\n".encode()


def _post(to: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    address = urlsplit(to)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname or "127.0.0.1", address.port, timeout=30)
    try:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        return response.status, response.read(4_000_000)
    finally:
        connection.close()


def _understood(options: argparse.Namespace, status: int, answer: bytes) -> dict[str, object]:
    if options.kind == "ebd" and status == 200:
        station = sim_signing.read_point(Path(options.station_key)) if options.station_key else None
        said = sim_platform.read_answer(answer, station)
        said["accepted"] = said.get("code") in ("0", "1") or "state" in said
        return said
    try:
        said = json.loads(answer)
    except ValueError:
        said = {"words": answer[:200].decode("utf-8", "replace")}
    return {**(said if isinstance(said, dict) else {"words": said}), "accepted": status == 202}


def _say(said: dict[str, object]) -> None:
    if "accepted" in said:
        text = said.get("text")
        why = (
            text.get("en", "") + " · " + text.get("zh", "")
            if isinstance(text, dict)
            else said.get("words", "")
        )
        verdict = "accepted · 已接受" if said["accepted"] else "refused · 被拒绝"
        sys.stdout.write(f"{said.get('id', '')} {verdict} {said.get('alert', '')} {why}".rstrip() + "\n")
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
