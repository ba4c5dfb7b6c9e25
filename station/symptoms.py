"""What the facts about a machine mean: well, to be looked at, or bad, each with what to do. Pure; knows no file, no socket, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import attrs

from station import networks
from station.settings import DeviceSection, Settings
from station.words import Text

Grade = Literal["ok", "warn", "bad"]
GIB = 1 << 30


@attrs.frozen
class Finding:
    """One line of the doctor: what was looked at, how it is, one sentence."""

    what: str
    grade: Grade
    text: Text


@attrs.frozen(kw_only=True)
class Port:
    """A TCP port of the station: who has it."""

    what: str
    port: int
    address: str
    owner: Literal["free", "ours", "other", "nowhere"]  # nowhere: no address of this machine


def ok(what: str, en: str, zh: str) -> Finding:
    """It is well."""
    return Finding(what, "ok", Text(en, zh))


def warn(what: str, en: str, zh: str) -> Finding:
    """To be looked at."""
    return Finding(what, "warn", Text(en, zh))


def bad(what: str, en: str, zh: str) -> Finding:
    """Mend this first."""
    return Finding(what, "bad", Text(en, zh))


# -- networks -------------------------------------------------------------------------------------


def device_nets(settings: Settings) -> Finding:
    """No device may be spoken to over the office net, unless somebody wrote that the two are one."""
    nets = settings.networks
    shared = {frozenset(one.split("+")) for one in nets.may_share}
    near = [one for one in settings.devices if _in_office(one, settings)]
    if near and frozenset(("office", "devices")) not in shared:
        names = ", ".join(f"{one.id} ({one.reached})" for one in near)
        return bad(
            "device net",
            f"{names} can be reached from the office net: move it to a net of its own, or write may_share = ['office+devices'] under [networks]",
            f"{names} 在办公网中可达:请移到独立网段,或在 [networks] 写明 may_share = ['office+devices']",
        )
    return ok(
        "device net",
        f"{len(settings.devices)} devices, none in the office net",
        f"{len(settings.devices)} 台设备,均不在办公网",
    )


def _in_office(device: DeviceSection, settings: Settings) -> bool:
    if device.reached.startswith("/"):
        return False  # a serial port is in no net
    return networks.same_net(f"{device.reached}/32", settings.networks.office)


def ports(found: Sequence[Port]) -> Iterator[Finding]:
    """Every TCP port is free, or this station's own."""
    wrong = [one for one in found if one.owner in ("other", "nowhere")]
    for one in wrong:
        if one.owner == "nowhere":
            yield bad(
                "ports",
                f"{one.address} ({one.what}) is no address of this machine: correct it under [networks]",
                f"{one.address}({one.what})不是本机地址:请修改 [networks]",
            )
        else:
            yield bad(
                "ports",
                f"port {one.port} ({one.what}) belongs to another program: stop it, or choose another port",
                f"端口 {one.port}({one.what})被其他程序占用:请停止该程序或更换端口",
            )
    if not wrong:
        own = sum(one.owner == "ours" for one in found)
        named = ", ".join(str(one.port) for one in found)
        yield ok(
            "ports",
            f"{len(found)} ports ({named}), {own} held by this station, the others free",
            f"{len(found)} 个端口({named}),{own} 个由本台使用,其余空闲",
        )


# -- the machine ----------------------------------------------------------------------------------


def clock(*, synchronised: bool, reanchor_wanted: bool, offset_us: int | None) -> Finding:
    """Every start and every expiry hangs on it."""
    if reanchor_wanted:
        return bad(
            "clock",
            f"the station runs {(offset_us or 0) / 1e6:+.1f} s beside UTC and does not take that back by itself: mend this host's time; then, announced and in a pause, stop everything, run gengfu clock --reanchor, start again",
            f"台站时间与 UTC 相差 {(offset_us or 0) / 1e6:+.1f} 秒,不会自动修正:先修复本机校时,再报备后在间隙停止全部进程,运行 gengfu clock --reanchor,重新启动",
        )
    if not synchronised:
        return warn(
            "clock",
            "the system clock follows nobody: start chrony or systemd-timesyncd with two sources or more",
            "系统时钟未同步:请启用 chrony 或 systemd-timesyncd,并配置至少两个时间源",
        )
    return ok("clock", "synchronised", "已同步")


def disk(*, free: int, total: int, sync_us: int) -> Iterator[Finding]:
    """Room for the journal and the media, and how long a write takes to be on the disk (µs, median of five)."""
    if free < GIB:
        yield bad(
            "disk",
            f"only {free / GIB:.1f} GiB are free: make room now, a full disk stops the journal",
            f"仅剩 {free / GIB:.1f} GiB:请立即清理,磁盘满将使日志无法写入",
        )
    elif free * 10 < total:
        yield warn(
            "disk",
            f"{free / GIB:.0f} GiB are free, less than a tenth: make room this week",
            f"剩余 {free / GIB:.0f} GiB,不足一成:请本周内清理",
        )
    else:
        yield ok("disk", f"{free / GIB:.0f} GiB are free", f"剩余 {free / GIB:.0f} GiB")
    said = f"{sync_us / 1000:.1f} ms"
    if sync_us > 500_000:
        yield bad(
            "disk time",
            f"a write takes {said} to be safe: alerts wait that long; use another disk",
            f"写盘耗时 {said}:预警会因此延迟,请更换磁盘",
        )
    elif sync_us > 50_000:
        yield warn(
            "disk time",
            f"a write takes {said} to be safe: an SSD takes under 10 ms",
            f"写盘耗时 {said}:固态硬盘通常低于 10 毫秒",
        )
    else:
        yield ok("disk time", f"a write is safe after {said}", f"写盘耗时 {said}")


def second_copy(*, asked: bool, there: bool, writable: bool, same_disk: bool) -> Finding:
    """Whether house files have a second copy where a failure of the first disk leaves it."""
    name = "second copy"
    if not asked:
        return ok(name, "none is asked for: media_copy is empty", "未设置(media_copy 为空)")
    if not there or not writable:
        return bad(
            name,
            "media_copy is no directory this user can write: nothing is copied",
            "media_copy 不是可写的目录:无法备份",
        )
    if same_disk:
        return warn(
            name,
            "media_copy lies on the same disk as the media: if that fails, both are gone",
            "media_copy 与素材在同一块盘上:该盘损坏则两份俱失",
        )
    return ok(name, "on a disk of its own", "在独立的盘上")


def realtime(*, fifo: bool, mlock: bool, running: bool) -> Finding:
    """Whether the mixers run (or could run) before everything else, with their memory locked."""
    if fifo and mlock:
        return ok("real time", "real-time scheduling and locked memory", "已具备实时调度与内存锁定")
    lacks_en = " and ".join(
        word for word, there in (("real-time scheduling", fifo), ("locked memory", mlock)) if not there
    )
    lacks_zh = "与".join(word for word, there in (("实时调度", fifo), ("内存锁定", mlock)) if not there)
    who = (
        Text("the players run", "播放器正")
        if running
        else Text("players started here would run", "在此启动的播放器将")
    )
    return warn(
        "real time",
        f"{who.en} without {lacks_en}: start them by the units, or give LimitRTPRIO=60 and LimitMEMLOCK=infinity",
        f"{who.zh}缺少{lacks_zh}运行:请用系统服务单元启动,或设置 LimitRTPRIO=60 与 LimitMEMLOCK=infinity",
    )


def media_tools(missing: Sequence[str]) -> Finding:
    """Codecs are the program's own; no ffmpeg program is needed."""
    if missing:
        return bad(
            "codecs",
            f"{', '.join(missing)} missing: install the locked packages anew",
            f"缺少 {'、'.join(missing)}:请按锁定清单重新安装软件包",
        )
    return ok("codecs", "all here; no ffmpeg program is needed", "齐全;无须安装 ffmpeg 程序")


def fonts(missing: str | None) -> Finding:
    """What is drawn on television must have a glyph: `missing` are characters without one; None: no font at all."""
    if missing is None:
        return bad("fonts", "the font is missing: install the program anew", "缺少字体文件:请重新安装程序")
    if missing:
        return bad(
            "fonts",
            f"no glyph for {missing[:20]}: remake the font as docs/make_font.py says",
            f"缺少字形 {missing[:20]}:请按 docs/make_font.py 重新生成字体",
        )
    return ok("fonts", "a glyph for every name", "全部名称均有字形")


def worst(found: Sequence[Finding]) -> int:
    """0: all well; 1: something to look at; 2: something bad."""
    grades = {one.grade for one in found}
    return 2 if "bad" in grades else 1 if "warn" in grades else 0
