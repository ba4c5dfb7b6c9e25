"""The words of a page that gets no data any more: since when, why, what goes on, what to do, whom to call. Knows no page."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str]] = {
    "link.seatover": ("会话已结束。", "Your session has ended."),
    "hold.short": ("请按住不放", "Keep holding"),
    "link.again": ("重新登录", "Log in again"),
    "login.stop": (
        "F8 静音在登录后有效;来不及登录时,在台站机器上运行 {console},按 F8。",
        "F8 mutes once you are logged in. No time for that: {console} on the station's machine, then F8.",
    ),
    "lost.head": ("没有实时数据", "NO LIVE DATA"),
    "lost.age": ("已 {s} 秒", "for {s} s"),
    "lost.at": (
        "本页内容停在 {at},之后的变化都看不到",
        "This page shows the state of {at}; nothing since is on it",
    ),
    "lost.why.asking": ("正在查明原因…", "Looking for the cause…"),
    "lost.why.station": (
        "面板有应答,台站控制程序没有应答",
        "The panel answers; the station's controller does not",
    ),
    "lost.why.panel": (
        "面板没有应答:程序已停或卡死,或到它的网络已断",
        "The panel does not answer: it has stopped, or hangs, or the network to it is cut",
    ),
    "lost.why.network": ("本机没有网络", "This computer has no network"),
    "lost.why.stream": (
        "面板和台站都有应答,正在重新接上数据",
        "Panel and station answer; the data are being picked up again",
    ),
    "lost.air": (
        "播放器按手中节目单自行播出,在播的预警到时自行结束。请收听监听收音机、看监视器。",
        "Players go on by themselves with the plan they hold; alerts on air end at their expiry. Listen to the off-air receiver, look at the monitor.",
    ),
    "lost.do.station": (
        "按 STOP 会自动重发,直到台站恢复。若正在播出错误内容,在发射机或调音台上手动切断。",
        "STOP is sent again until the station obeys. Something wrong on air: cut it by hand at the transmitter or the mixer.",
    ),
    "lost.do.panel": (
        "静音和模板预警请到台站机器上操作:",
        "To mute or to send a template, on the station's machine:",
    ),
    "lost.do.network": (
        "换一台电脑,或到台站机器上操作:",
        "Go to another computer, or on the station's machine:",
    ),
    "lost.do.stream": (
        "稍候即恢复;一分钟后仍如此请按 F5。",
        "It comes back by itself; after a minute press F5.",
    ),
    "lost.do.asking": ("请稍候。", "One moment."),
    "lost.call": ("打电话", "Call"),
    "lost.nophones": (
        "值班页没有登记电话;请找值班技术员",
        "no telephone is entered on the Duty page; find the engineer on duty",
    ),
    "lost.self": (
        "恢复后本页自动继续,不必刷新。",
        "This page goes on by itself when it is back; do not reload it.",
    ),
    "lost.back": ("数据已恢复,中断 {s} 秒", "Data are back; they were missing for {s} s"),
    "lost.stay": (
        "面板没有应答,其他页面打不开;已为您留在本页。",
        "The panel does not answer, no other page can be loaded; you were kept on this one.",
    ),
    "lost.retry": (
        "每 2 秒自动重试,恢复后本页自动打开。",
        "Tried again every 2 s; the page opens by itself when the station is back.",
    ),
    "stop.slow": (
        "静音命令已发出,台站尚未应答;正在等待并重发,请勿离开",
        "The mute is sent, the station has not answered yet; it is waited for and sent again, stay here",
    ),
}
