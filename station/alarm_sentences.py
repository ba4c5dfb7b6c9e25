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
    "alarm.unshelved": (
        "alarm {alarm} is no longer shelved ({how}, {by})",
        "告警 {alarm} 搁置结束({how},{by})",
    ),
}
