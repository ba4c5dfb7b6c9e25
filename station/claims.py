"""Who says to have sent an alert: what comes in at a source's own door was found out there, everybody else speaks as himself, for this station, and is sure of nothing. Pure; knows no account and no socket."""

from __future__ import annotations

from emergency.gates import outranks, own
from emergency.messages import Authority, SubmitAlert
from station.words import Operator, Refused

DOOR = "source"  # the role of the doors of ingest; no account has it


def check(wish: SubmitAlert, by: Operator, authority: Authority) -> None:
    """Raise Refused where a person says to be somebody else, or ends an alert by a message; `authority` is the station's."""
    if DOOR in by.roles:
        return
    message, source = wish.message, wish.source
    if message.type == "cancel":
        raise Refused(
            "An alert is not ended by sending another one: cancel it (解除), with your PIN.",
            "不能用发送消息的方式结束预警:请使用“解除”,并输入 PIN。",
            code="claim",
        )
    if not own(source) or {source.id, message.sender} != {by.id}:
        raise Refused(
            f"You cannot send in the name of {source.id} ({message.sender}): write it as your own; what others send comes in at their own door.",
            f"不能以 {source.id}({message.sender})的名义发送:请以本人名义编写;外部消息只能经其自身入口进入。",
            code="claim",
        )
    if source.verified or source.preauthorised:
        raise Refused(
            "Only what comes in at a source's door is verified or pre-authorised; leave both out.",
            "只有经外部来源入口进入的消息才算已验证或预授权,请勿自行标注。",
            code="claim",
        )
    if not outranks(authority, source.authority):
        raise Refused(
            f"This station speaks for the {authority}, not for the {source.authority}.",
            f"本台权限为 {authority},不能以 {source.authority} 名义发布。",
            code="authority",
        )
