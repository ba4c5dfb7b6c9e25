"""The words of what is held since an upgrade and of calls to people, in Chinese and English. Knows no page."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str]] = {
    "held.since": ("自版本 {version} 升级后暂停:", "Held since the upgrade from version {version}:"),
    "held.now": ("现播:{where}", "sounds now: {where}"),
    "held.mutes": ("{n} 项静音保持有效", "{n} mute(s) stay in force"),
    "held.why": ("核对结论(必填)", "What you found (needed)"),
    "held.release": ("解除暂停", "Release"),
    "held.released": ("已解除暂停,按本版本播出", "Released: it sounds as this version wants it"),
    "held.ask": ("由调度员核对后解除", "a dispatcher looks and releases it"),
}
