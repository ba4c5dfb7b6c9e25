"""One sentence for each kind of journal record about alarms, in both languages. Knows no database."""

SENTENCES: dict[str, tuple[str, str]] = {
    "alarm.raised": ("alarm {alarm}: {en}", "告警 {alarm}:{zh}"),
    "alarm.returned": ("alarm {alarm}: right again", "告警 {alarm}:已恢复"),
    "alarm.regraded": ("alarm {alarm} is {severity} now: {en}", "告警 {alarm} 等级变为 {severity}:{zh}"),
    "alarm.chattered": (
        "alarm {alarm} chatters: raised {times} times within {minutes} min",
        "告警 {alarm} 频繁通断:{minutes} 分钟内发生 {times} 次",
    ),
    "alarm.acknowledged": ("{by} acknowledged alarm {alarm}", "{by} 确认告警 {alarm}"),
    "alarm.shelved": ("{by} shelved alarm {alarm}: {reason}", "{by} 搁置告警 {alarm}:{reason}"),
    "alarm.escalated": (
        "alarm {alarm} is not acknowledged: level {level}, called {who}",
        "告警 {alarm} 无人确认:第 {level} 级,叫应 {who}",
    ),
    "alarm.calldelivered": (
        "call of level {level} for alarm {alarm} was handed to the gateway",
        "告警 {alarm} 第 {level} 级叫应已送达网关",
    ),
    "alarm.callfailed": (
        "call of level {level} for alarm {alarm} was NOT delivered: {en}",
        "告警 {alarm} 第 {level} 级叫应未送达:{zh}",
    ),
    "alarm.unshelved": (
        "alarm {alarm} is no longer shelved ({how}, {by})",
        "告警 {alarm} 搁置结束({how},{by})",
    ),
}
