"""Why something sounds, in words: who sent it, by which row of the signature table, who signed, and what put it before others. The one place that says so; knows no state and no clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from emergency.messages import Source
from emergency.preempt import ORDER, Criterion, rank
from station.words import Text

if TYPE_CHECKING:
    from emergency.state import Record

Names = Callable[[str], Text]  # what people call an operator

AUTHORITY_NAMES: dict[str, Text] = {
    "nation": Text("the nation", "国家"),
    "province": Text("the province", "省级"),
    "city": Text("the city", "市级"),
    "county": Text("the county", "县级"),
    "township": Text("the township", "乡镇"),
    "village": Text("the village", "村级"),
}
ROW_NAMES: dict[str, Text] = {
    "upstream_life": Text("verified upstream, life list", "上级验签消息(生命清单)"),
    "upstream_other": Text("verified upstream", "上级验签消息"),
    "composer": Text("own free text", "本台自由文本"),
    "template_alone": Text("reviewed template, lone dispatcher", "已审模板,单人值班"),
    "breakglass": Text("break-glass", "破窗播出"),
    "daily_drill": Text("daily programme or drill", "日常或演练"),
    "unverified": Text("not pre-authorised", "非预授权"),
}
CHOSEN: dict[Criterion, Text] = {
    "kind": Text(
        "a real alert comes before a drill, a drill before daily programme", "真实预警先于演练,演练先于日常"
    ),
    "lane": Text("earthquake fast lane: seconds decide", "地震快速通道:以秒计"),
    "level": Text("the higher level comes first", "级别高者先播"),
    "authority": Text("of one level, the higher authority comes first", "同级别,发布层级高者先播"),
}
NEWER = Text("the newest message of the same incident", "同一事件以最新消息为准")
EARLIER = Text("of equal rank, what sounded first goes on", "同等次序,先响者继续")
ALTERNATES = Text(
    "one danger, a wider and a local message of one level: both in turn",
    "同一险情、同一级别的大范围与本地消息:交替播发",
)
ALONE = Text("nothing else is meant for here", "此处没有其他预警")


def plainly(operator: str) -> Text:
    """An operator by id, where nobody knows names."""
    return Text(operator, operator)


def row_name(row: str) -> Text:
    """What people call a row of the signature table; a row of an old journal by itself."""
    return ROW_NAMES.get(row, Text(row, row))


def source_text(source: Source, names: Names = plainly) -> Text:
    """Where an alert came from, and how sure that is."""
    authority = AUTHORITY_NAMES[source.authority]
    if source.kind in ("composer", "template"):
        who = names(source.id)
        return Text(f"composed here by {who.en}", f"本台拟稿:{who.zh}")
    sure = Text("signature verified", "验签通过") if source.verified else Text("NOT verified", "未验签")
    return Text(
        f"{source.kind.upper()} from {source.id} ({authority.en}), {sure.en}",
        f"{authority.zh}来源 {source.id}({source.kind.upper()}),{sure.zh}",
    )


def rule_text(row: str, needed: int, owed: int) -> Text:
    """A row of the signature table with what it asks for."""
    name = row_name(row)
    before = (
        Text(f"{needed} before air", f"播前 {needed} 人签") if needed else Text("airs at once", "直接播出")
    )
    after = Text(f", {owed} owed after", f",播后补签 {owed} 人") if owed else Text("", "")
    return Text(f"{name.en} ({before.en}{after.en})", f"{name.zh}({before.zh}{after.zh})")


def why_text(
    source: Source,
    rule: Text,
    signers: Sequence[str],
    *,
    names: Names = plainly,
    oral: str = "",
    owing: int = 0,
) -> Text:
    """The whole answer to 为什么在响: who sent it, by which rule, who signed, who ordered it by word, what is still owed."""
    sent, found = source_text(source, names), [names(one) for one in signers]
    en, zh = ", ".join(one.en for one in found) or "nobody", "、".join(one.zh for one in found) or "无人"
    said = Text(
        f"{sent.en}; rule: {rule.en}; signed by {en}",
        f"{sent.zh};规则:{rule.zh};签审:{zh}",
    )
    if oral:
        said = Text(f"{said.en}; oral order: {oral}", f"{said.zh};口头命令:{oral}")
    if owing:
        said = Text(f"{said.en}; {owing} still owed", f"{said.zh};尚欠补签 {owing} 人")
    return said


def before(best: Record, other: Record) -> Text:
    """What put `best` before `other` in the order of L7."""
    for criterion, mine, theirs in zip(ORDER, rank(best), rank(other), strict=True):
        if mine != theirs:
            return CHOSEN[criterion]
    return NEWER if best.incident == other.incident else EARLIER
