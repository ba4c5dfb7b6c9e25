"""The words of what is held since an upgrade and of calls to people, in Chinese and English. Knows no page."""

from __future__ import annotations

from station.record_words import POINTS

TABLE: dict[str, tuple[str, str]] = {
    **{f"point.{point}": (text.zh, text.en) for point, text in POINTS.items()},
    "safety.sheet": ("安全播出报表", "Report on safe broadcasting"),
    "safety.period": ("统计时段", "Period"),
    "safety.made": ("{at}({zone})由 {by} 打印", "Printed {at} ({zone}) by {by}"),
    "safety.planned": ("计划播出 {h} 小时", "{h} h planned"),
    "safety.beyond": (
        "本页列出最重的,另有 {n} 条未列(共 {of} 条),全部见面板“安全播出”页。",
        "The gravest stand here; {n} more of {of} are left out, all are on the Safety page of the panel.",
    ),
    "safety.sign.operator": ("值机员", "Operator"),
    "safety.sign.engineer": ("技术值班", "Engineer"),
    "safety.sign.leader": ("带班领导", "Leader"),
    "safety.sign.date": ("日期", "Date"),
    "held.since": ("自版本 {version} 升级后暂停:", "Held since the upgrade from version {version}:"),
    "held.now": ("现播:{where}", "sounds now: {where}"),
    "held.mutes": ("{n} 项静音保持有效", "{n} mute(s) stay in force"),
    "held.why": ("核对结论(必填)", "What you found (needed)"),
    "held.release": ("解除暂停", "Release"),
    "held.released": ("已解除暂停,按本版本播出", "Released: it sounds as this version wants it"),
    "call.called": ("叫应", "Called"),
    "call.level": ("第 {n} 级叫应", "Called, level {n}"),
    "call.made": ("已叫 {who}({at})", "{who} at {at}"),
    "call.last": ("{at} 第 {n} 级叫应", "called at {at}, level {n}"),
    "call.nobody": ("无人可叫:值班簿与值班表均未列人", "nobody: book and roster name no one"),
    "call.state.delivered": ("已送达网关", "taken by the gateway"),
    "call.state.failed": ("未送达,重试中", "NOT delivered, tried again"),
    "call.state.under-way": ("正在送达", "on its way"),
    "call.state.panel": ("未接网关,仅在面板显示", "no gateway: shown here alone"),
    "held.ask": ("由调度员核对后解除", "a dispatcher looks and releases it"),
}
