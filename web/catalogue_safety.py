"""The words of what is held since an upgrade and of calls to people, in Chinese and English. Knows no page."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str]] = {
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
