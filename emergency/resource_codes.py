"""Resource codes (EBRID) taken apart and said in words: 23 digits of GD/J 080-2018, 18 of 2016. Pure; knows no area's name.

Levels, types and subtypes were read in public software (level 1 nowhere, level 0 in one packet from the field); the standard's
text was not at hand. A code that a table lacks is told as it stands, never refused: makers have codes of their own.
"""

from __future__ import annotations

import re
from typing import Final

import attrs

from emergency.ebd_profile import Generation
from station.words import AreaCode, Misheard, Text

LEVELS: Final = {
    "1": Text("nation", "国家级"),
    "2": Text("province", "省级"),
    "3": Text("city", "市级"),
    "4": Text("county", "县级"),
    "5": Text("township", "乡镇级"),
    "6": Text("village", "村级"),
}
TYPES: Final = {
    "0001": Text("source of emergency information", "应急信息源"),
    "0101": Text("emergency broadcasting platform", "应急广播平台"),
    "0102": Text("production system", "制作播发系统"),
    "0103": Text("dispatch and control system", "调度控制系统"),
    "0104": Text("effect evaluation system", "效果监测评估系统"),
    "0201": Text("radio and television station", "广播电视台"),
    "0202": Text("radio station", "广播电台"),
    "0203": Text("television station", "电视台"),
    "0301": Text("FM radio", "调频广播"),
    "0302": Text("cable digital television", "有线数字电视"),
    "0303": Text("terrestrial digital television (DTMB)", "地面数字电视(DTMB)"),
    "0304": Text("cable analogue television", "有线模拟电视"),
    "0305": Text("terrestrial analogue television", "地面模拟电视"),
    "0306": Text("medium-wave radio", "中波广播"),
    "0307": Text("short-wave radio", "短波广播"),
    "0308": Text("direct broadcast satellite", "直播卫星"),
    "0309": Text("satellite television", "卫星电视"),
    "0310": Text("mobile multimedia broadcasting (CMMB)", "移动多媒体广播(CMMB)"),
    "0311": Text("digital audio broadcasting (DAB)", "数字音频广播(DAB)"),
    "0312": Text("mobile emergency broadcasting unit", "机动应急广播系统"),
    "0313": Text("IPTV", "IPTV"),
    "0314": Text("loudspeaker system", "大喇叭系统"),
}
SUBTYPES: Final = {
    "01": Text("the system itself", "本级平台或系统"),
    "02": Text("adapter", "适配器"),
    "03": Text("transmission or playout device", "传输覆盖播出设备"),
    "04": Text("terminal", "终端"),
    "05": Text("station", "台站"),
}
_2018 = re.compile(r"([0-9])([0-9]{12})([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})\Z", re.ASCII)
_2016 = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{12})([0-9]{2})\Z", re.ASCII)


@attrs.frozen(kw_only=True)
class ResourceCode:
    """A code in its parts, all digits; of 2016 `level` and `number` are empty, and type and subtype have two digits."""

    generation: Generation
    area: AreaCode
    type: str
    subtype: str
    sequence: str
    level: str = ""
    number: str = ""  # of the device below the system, 01 to 99

    def __str__(self) -> str:
        """The digits."""
        if self.generation == "2016":
            return f"{self.type}{self.subtype}{self.area}{self.sequence}"
        return f"{self.level}{self.area}{self.type}{self.sequence}{self.subtype}{self.number}"


def read(code: str) -> ResourceCode:
    """The parts of 23 or 18 digits. Raises Misheard for what is neither."""
    if found := _2018.match(code):
        level, area, kind, sequence, subtype, number = found.groups()
        return ResourceCode(
            generation="2018", level=level, area=AreaCode(area), type=kind, sequence=sequence, subtype=subtype, number=number
        )  # fmt: skip
    if found := _2016.match(code):
        kind, subtype, area, sequence = found.groups()
        return ResourceCode(
            generation="2016", area=AreaCode(area), type=kind, subtype=subtype, sequence=sequence
        )
    shown = code[:60]
    raise Misheard(
        f"{shown!r} is no resource code of 23 or 18 digits",
        f"{shown!r} 不是 23 位或 18 位资源编码",
        code="ebd",
    )


def words(code: ResourceCode) -> Text:
    """What it is, of which level and area; of 2016, whose tables stand in no source, only whose and which."""
    if code.generation == "2016":
        return Text(
            f"type {code.type}, subtype {code.subtype} of {code.area}, number {code.sequence}",
            f"{code.area} 的类型 {code.type}、子类型 {code.subtype},序号 {code.sequence}",
        )
    level = LEVELS.get(code.level, Text(f"level {code.level}", f"级别 {code.level}"))
    kind = TYPES.get(code.type, Text(f"type {code.type}", f"类型 {code.type}"))
    part = SUBTYPES.get(code.subtype, Text(f"subtype {code.subtype}", f"子类型 {code.subtype}"))
    return Text(
        f"{kind.en} {code.sequence} ({level.en}) of {code.area}: {part.en} {code.number}",
        f"{code.area} {level.zh}{kind.zh} {code.sequence}:{part.zh} {code.number}",
    )
