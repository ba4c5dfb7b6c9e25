"""Words of the panel: live sessions and their keys. Data only: key → (Chinese, English)."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str]] = {
    "studio.title": ("直播", "Live"),
    "studio.open": ("开直播(按住)", "Open (hold)"),
    "studio.open.help": (
        "现在起所说的话,经延时后播出;节目照走,结束后接续正在进行的部分",
        "What is said from now on is heard after the delay; the schedule runs on beneath and is joined in progress",
    ),
    "studio.fader": ("等推子(按住)", "Wait for the fader (hold)"),
    "studio.fader.help": (
        "推子打开(或有声)时自动开始,最多等三十分钟",
        "It begins when the fader is opened (or sound comes), within half an hour",
    ),
    "studio.dump": ("甩播", "Dump"),
    "studio.dump.help": (
        "延时里的内容全部作废,改播垫片,按键之后所说的话继续播出",
        "All that is in the delay is thrown away; filler, until what is said after the key comes out",
    ),
    "studio.heard": ("播完结束(按住)", "End when heard (hold)"),
    "studio.heard.help": (
        "到现在为止所说的话播完后结束",
        "It ends when all that was said until now was heard",
    ),
    "studio.now": ("立即结束(按住)", "End now (hold)"),
    "studio.now.help": (
        "一秒后结束,延时里的内容不再播出",
        "It ends in a second; what is in the delay is not heard",
    ),
    "studio.waits": (
        "《{title}》等推子,到 {at} 为止 · {by}",
        "“{title}” waits for its fader until {at} · {by}",
    ),
    "studio.soon": ("话筒已开,{s} 秒后播出", "Microphone open, on air in {s} s"),
    "studio.onair": ("正在播出《{title}》,到 {at} 为止 · {by}", "“{title}” is on air until {at} · {by}"),
    "studio.thrown": ("已甩播:垫片播至 {at}", "Dumped: filler until {at}"),
    "studio.delay": ("延时 {s} 秒", "delay {s} s"),
    "studio.bad": ("无信号", "nothing comes"),
    "studio.quiet": ("静音 {s} 秒", "silent for {s} s"),
    "studio.done.now": ("已开直播《{title}》,{s} 秒后播出", "“{title}” is open; on air in {s} s"),
    "studio.done.fader": ("《{title}》等推子", "“{title}” waits for its fader"),
    "studio.done.dump": ("已甩播,延时里的内容不会播出", "Dumped: what was in the delay is not heard"),
    "studio.done.close": ("直播即将结束", "The session is about to end"),
}
