"""The command `gengfu`: finds the subcommand and runs it. Knows no rule; each subcommand's module has its own `main(argv) -> exit code`."""

from __future__ import annotations

import codecs
import contextlib
import gc
import importlib
import io
import os
import sys
from collections.abc import Callable

import attrs

from station.words import Misheard, Refused


@attrs.frozen
class Subcommand:
    """Where a subcommand lives and what it is for."""

    target: str  # module:function
    en: str
    zh: str


SUBCOMMANDS: dict[str, Subcommand] = {
    "run": Subcommand(
        "station.run:main", "start everything of one station on this machine", "在本机启动整个台站"
    ),
    "setup": Subcommand(
        "station.setup:main",
        "prepare a state directory: keys, media, accounts",
        "准备状态目录:密钥、素材、账户",
    ),
    "check": Subcommand(
        "station.check:main", "check a settings file, every mistake at once", "检查设置文件,一次列出全部错误"
    ),
    "station": Subcommand("station.daemon:main", "the controller", "控制器"),
    "player": Subcommand("playout.player:main", "the player of one chain", "一条播出链的播放器"),
    "witness": Subcommand(
        "safety.witness:main", "listen to one channel and judge what is heard", "监听一个频道并判定播出状态"
    ),
    "panel": Subcommand("web.app:main", "the web panel", "网页面板"),
    "clock": Subcommand("station.anchor:main", "keep this host's anchor file", "维护本机时间锚"),
    "doctor": Subcommand(
        "station.doctor:main",
        "what is well with a station and its machine, and what to do about the rest",
        "体检:逐项说明台站与本机是否正常及处置办法",
    ),
    "backup": Subcommand(
        "station.backup:main",
        "copy a station, running or not, and read back what was written",
        "备份台站(可在运行中)并回读校验",
    ),
    "restore": Subcommand(
        "station.restore:main", "put a backup in place on a spare machine", "在备用机上恢复备份"
    ),
    "upgrade": Subcommand(
        "station.upgrade_tool:main",
        "what is held since an upgrade, and release it",
        "查看并解除升级后的暂停",
    ),
    "renew": Subcommand(
        "station.renew_tool:main",
        "start a chain's players anew without a break",
        "不中断播出地更新一条链的播放器",
    ),
    "snmp": Subcommand(
        "devices.snmp_tool:main",
        "read, write or walk an SNMP agent, hear its notifications",
        "读写、遍历 SNMP 代理,接收其通知",
    ),
    "nut": Subcommand("devices.nut_tool:main", "what a UPS server (NUT) tells", "读取 NUT 服务器上的电源"),
    "modbus": Subcommand(
        "devices.modbus_tool:main",
        "read, write or scan Modbus devices by hand",
        "手动读写或扫描 Modbus 设备",
    ),
    "wire": Subcommand(
        "station.wire_entry:main",
        "speak to RDS coders, modems, clocks, routers and servers by hand",
        "手动操作 RDS 编码器、短信模块、时钟、矩阵与服务器",
    ),
    "people": Subcommand("station.people_tool:main", "the accounts of a station", "台站账户管理"),
    "journal": Subcommand(
        "station.journal_tool:main", "verify, tail or replay the journal", "校验、查看或重放日志"
    ),
    "safety": Subcommand("safety.report:main", "the safety figures of a span", "一段时间的安全播出指标"),
    "ingest": Subcommand(
        "playout.ingest:main", "take a media file into house format", "把素材入库为台内格式"
    ),
    "pips": Subcommand(
        "playout.pips_tool:main",
        "write time pips, the long one on the sample of the hour",
        "生成整点报时音,长音对准整点首个采样",
    ),
    "render": Subcommand(
        "playout.render_tool:main",
        "write what a plan sounds and looks like to a file",
        "把播出计划渲染成文件",
    ),
    "aircheck": Subcommand(
        "station.aircheck_tool:main", "what was on the air, recorded: list and export", "播出录音查询与导出"
    ),
    "merge": Subcommand(
        "playout.merge_tool:main",
        "make one stream of the copies two players send",
        "将两台播放器的同一路流合并为一路",
    ),
    "plan": Subcommand(
        "schedules.plan_tool:main", "check a rundown and show the plan it gives", "检查节目单并显示播出计划"
    ),
    "cap": Subcommand("emergency.cap_tool:main", "check CAP files", "检查 CAP 文件"),
    "ebd": Subcommand("emergency.ebd_tool:main", "check or make EBD packages", "检查或生成 EBD 包"),
    "warning": Subcommand(
        "emergency.warning_tool:main",
        "XML of the early warning release system 12379",
        "突发事件预警信息发布系统(12379)的 XML",
    ),
    "sections": Subcommand(
        "emergency.sections_tool:main",
        "the tables of emergency broadcasting in transport streams",
        "传输流中的应急广播表:解析与生成",
    ),
    "tscheck": Subcommand(
        "station.tscheck_tool:main",
        "check a transport stream: decoder buffers, clock, tables",
        "检查传输流:解码缓冲、时钟与表",
    ),
    "same": Subcommand(
        "emergency.same_tool:main", "EAS SAME headers to sound and back", "EAS SAME 报头与声音互转"
    ),
    "area": Subcommand("station.area_tool:main", "find and resolve areas", "查找并解析行政区划"),
    "speak": Subcommand("emergency.voice:main", "speak a text into a file", "把文字合成为语音文件"),
    "console": Subcommand(
        "station.console:main", "the station in a terminal, when the panel is dead", "面板失效时的终端控制台"
    ),
    "alert": Subcommand("station.alert_tool:main", "alerts from the command line", "命令行预警操作"),
    "train": Subcommand(
        "station.train:main",
        "a shadow station to exercise on, without a route to a real line",
        "影子台站训练,不通向任何真实线路",
    ),
    "simulate": Subcommand(
        "station.simulation.main:main",
        "run whole broadcast days on a fake clock and check every law",
        "在模拟时钟上跑完整播出日并检查各条定律",
    ),
    "sim": Subcommand("station.sim:main", "simulators: terminals, source", "模拟器:终端、上级平台"),
}


def usage() -> str:
    """What `gengfu --help` prints."""
    width = max(map(len, SUBCOMMANDS))
    lines = [f"  {name:<{width}}  {sub.en} · {sub.zh}" for name, sub in SUBCOMMANDS.items()]
    head = (
        "usage: gengfu COMMAND [OPTIONS]\n\nBroadcast playout and emergency broadcasting · 播出与应急广播\n"
    )
    return "\n".join([head, *lines, "", "gengfu COMMAND --help tells more · 各命令另有 --help"])


def main(argv: list[str] | None = None) -> int:
    """Run a subcommand; 0 it holds, 1 it does not, 2 wrong use."""
    if argv is None:
        _speak_anywhere()
    words = sys.argv[1:] if argv is None else argv
    if not words or words[0] in ("-h", "--help", "help"):
        sys.stdout.write(usage() + "\n")
        return 0 if words else 2
    if words[0] == "--version":
        from importlib.metadata import version

        sys.stdout.write(f"gengfu {version('gengfu')}\n")
        return 0
    found = SUBCOMMANDS.get(words[0])
    if found is None:
        sys.stderr.write(
            f"gengfu: there is no command {words[0]!r}; gengfu --help lists them · 没有命令 {words[0]!r},gengfu --help 列出全部\n"
        )
        return 2
    try:
        code = _imported(found.target)(words[1:])
        sys.stdout.flush()
    except (Refused, Misheard) as error:
        sys.stderr.write(f"gengfu {words[0]}: {error.text.en}\n{error.text.zh}\n")
        return 2 if error.code == "use" else 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read the output went away: `gengfu … | head`
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return int(code or 0)


def _speak_anywhere() -> None:
    """What the terminal's character set lacks, and names of files that are no UTF-8, are written as in JSON."""
    codecs.register_error("as in JSON", _escaped)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="as in JSON")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    import json

    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


def _imported(target: str) -> Callable[[list[str]], int | None]:
    """The function behind "module:function"; nothing is collected meanwhile, for what is imported stays."""
    module, _, function = target.partition(":")
    gc.disable()
    try:
        found: Callable[[list[str]], int | None] = getattr(importlib.import_module(module), function)
    finally:
        gc.enable()
    return found


if __name__ == "__main__":
    sys.exit(main())
