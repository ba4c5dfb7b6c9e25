"""What the facts about calls to people mean: whether a critical alarm at night reaches a telephone. Pure; knows no gateway and no file."""

from __future__ import annotations

from collections.abc import Iterator

from station.settings import Settings
from station.symptoms import Finding, bad, ok, warn
from station.words import Text

WHAT = "calls"


def calls(settings: Settings, *, answers: bool | None, token: Text | None) -> Iterator[Finding]:
    """Whether people are called, by whom and under which name.

    `answers`: whether the gateway's port takes connections; None: not asked. `token`: what is wrong with its token's file.
    """
    alarms = settings.alarms
    if settings.station.training:
        yield ok(WHAT, "a shadow station calls nobody", "训练台不叫应任何人")
        return
    found = [*_nobody(settings), *_gateway(settings, answers=answers, token=token)]
    yield from found
    if not found:
        minutes = ", ".join(map(str, alarms.call_minutes))
        yield ok(
            WHAT,
            f"a critical alarm nobody reads calls people after {minutes} min by {alarms.call_hook}",
            f"紧急告警无人确认时,{minutes} 分钟后经 {alarms.call_hook} 逐级叫应",
        )


def _nobody(settings: Settings) -> Iterator[Finding]:
    if not settings.alarms.call_minutes:
        yield warn(
            WHAT,
            "call_minutes is empty: a critical alarm that nobody reads calls nobody; write [2, 5, 10] under [alarms]",
            "call_minutes 为空:紧急告警无人确认时不叫应任何人;请在 [alarms] 写 [2, 5, 10]",
        )
    elif not settings.alarms.call_hook:
        yield warn(
            WHAT,
            "there is no call_hook: a critical alarm that nobody reads calls people in panel and journal alone, no telephone rings; set call_hook under [alarms] to a gateway for SMS or telephone",
            "未设 call_hook:紧急告警无人确认时只在面板与日志中叫应,不会有电话响;请在 [alarms] 设短信或电话网关 call_hook",
        )


def _gateway(settings: Settings, *, answers: bool | None, token: Text | None) -> Iterator[Finding]:
    alarms = settings.alarms
    if not alarms.call_hook:
        return
    if token is not None:
        yield bad(
            WHAT,
            f"no call can leave: {token.en}",
            f"叫应无法发出:{token.zh}",
        )
    elif not alarms.call_token_file:
        yield warn(
            WHAT,
            "the gateway of call_hook asks for no token: whoever reaches it can call people in the station's name; give it one and name its file in call_token_file",
            "call_hook 网关未验证身份:能访问它的人都可冒用本台叫应;请设令牌,并用 call_token_file 指明文件",
        )
    if answers is False:
        yield bad(
            WHAT,
            f"nobody answers at {alarms.call_hook}: start the gateway, or correct call_hook",
            f"{alarms.call_hook} 无人应答:请启动网关或更正 call_hook",
        )
