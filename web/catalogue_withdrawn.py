"""Words of the panel: what is withdrawn from the air (撤播). Data only: key → (Chinese, English)."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str]] = {
    "withdraw.hold": ("撤播(按住 2 秒)", "Withdraw (hold 2 s)"),
    "withdraw.help": (
        "立即把本条素材从所有频道、所有日期的播出中撤下,改播垫片;其他节目不动",
        "Takes this medium off the air at once, on all channels and days; filler stands in its place, nothing else moves",
    ),
    "withdraw.done": ("已撤播《{title}》", "“{title}” is withdrawn"),
    "withdraw.title": ("已撤播的素材", "Withdrawn media"),
    "withdraw.by": ("{name} 于 {at} 撤播", "withdrawn by {name}, {at}"),
    "withdraw.reason": ("理由:{why}", "Reason: {why}"),
    "withdraw.restore": ("恢复播出", "Give back"),
    "withdraw.own": (
        "由您本人撤播,须另一名签审人员恢复",
        "You withdrew it: somebody else who signs gives it back",
    ),
    "withdraw.restored": ("已恢复《{title}》", "“{title}” is given back"),
}
