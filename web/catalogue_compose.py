"""The words of the night page about what is missing, what is not found, how long it lasts and what it interrupts; and of the PIN's dialog. Knows no page."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str]] = {
    "pin.title": ("验证身份", "Prove who you are"),
    "pin.field": ("PIN 码", "PIN"),
    "pin.stop": ("STOP 静音 F8", "STOP · mute F8"),
    "compose.nofound": (
        "本台辖区内没有“{q}”。",
        "There is no “{q}” in this station's area.",
    ),
    "compose.near": ("是不是:", "Did you mean:"),
    "compose.nonear": (
        "也没有相近的名称;请换村名、拼音首字母或 12 位代码再查。",
        "Nothing is near it either; try the village's name, its initials or its 12-digit code.",
    ),
    "compose.alreadychosen": ("“{q}”已经选上了。", "“{q}” is chosen already."),
    "compose.lacks": ("还缺 {n} 项,未送审:", "{n} thing(s) missing, not submitted:"),
    "compose.lack.where": ("还没有选区域", "no area is chosen"),
    "compose.lack.pick": (
        "“{q}”只是打在框里,还没选上:按 Enter 或点选",
        "“{q}” is typed but not chosen: press Enter or click it",
    ),
    "compose.unspoken": ("没有语音", "No speech"),
    "compose.lack.typed": (
        "“{q}”没有选上:从列出的里点选,或清空此框",
        "“{q}” is not chosen: click one of the list, or empty the field",
    ),
    "compose.lack.blank": ("“{what}”没有填", "“{what}” is empty"),
    "compose.lack.time": (
        "“{q}”不是时间,写成 15:30 或 今晚8点",
        "“{q}” is no time; write it like 15:30",
    ),
    "compose.lack.number": ("“{q}”不是数,写成 120 或 3.5", "“{q}” is no number; write it like 120 or 3.5"),
    "compose.waitspeech": ("现在不能签:语音还在合成,请等待", "Not yet: its speech is being made"),
    "compose.nospeechyet": ("不能签:没有语音", "It cannot be signed: there is no speech"),
    "compose.wrongword": ("现在不能签:确认词不对。{word}", "Not yet: that is not the confirm word. {word}"),
    "compose.others": ("其他相符的:", "Others that match:"),
    "compose.pickevent": ("请选择事件", "Choose the event"),
    "compose.eventsearch": ("查找:名称或代码", "Find by name or code"),
    "compose.eventhits": ("{n} 项相符,请选择", "{n} match: choose one"),
    "compose.noevent": ("没有“{q}”这一事件", "There is no event “{q}”"),
    "compose.picklevel": ("请选择级别", "Choose the level"),
    "compose.lack.level": ("没有选级别", "no level is chosen"),
    "compose.lack.event": ("没有选事件", "no event is chosen"),
    "compose.wasrejected": (
        "“{what}”已被退回,没有播出;内容还在,可改后重新送审。",
        "“{what}” was rejected and never aired; its words are still here, to be changed and submitted again.",
    ),
    "compose.lack.headline": ("没有标题", "no headline"),
    "compose.lack.text": ("没有播报文字", "no text to be spoken"),
    "compose.lack.minutes": ("分钟数须为 1 至 {n}", "minutes must be 1 to {n}"),
    "compose.atmost": ("最长播发分钟", "Minutes at most"),
    "compose.ends.repeats": (
        "播 {n} 遍即自动结束(约 {s});最迟 {m} 分钟时停止,以先到者为准。",
        "Ends by itself after {n} repeats (about {s}), at the latest after {m} min: whichever comes first.",
    ),
    "compose.ends.exact": (
        "播 {n} 遍即自动结束,共 {s};最迟 {m} 分钟时停止,以先到者为准。",
        "Ends by itself after {n} repeats, {s} in all; at the latest after {m} min: whichever comes first.",
    ),
    "compose.ends.cut": (
        "注意:全部播完约需 {s},到 {m} 分钟即停,播不完 {n} 遍。",
        "Mind: {n} repeats take about {s}; it stops after {m} min, before they are all heard.",
    ),
    "compose.ends.endless": ("反复播出,到 {m} 分钟停止。", "Repeated until {m} min are over."),
    "compose.sums": ("签发后会怎样", "What signing will do"),
    "compose.sums.terminals": (
        "{villages} 个村,{n} 个终端(现可达 {online})",
        "{villages} village(s), {n} terminals ({online} reachable now)",
    ),
    "compose.sums.replaced": ("中断频道 {n} 个:", "Interrupts {n} channel(s):"),
    "compose.sums.ducked": (
        "压低节目声播出,频道 {n} 个:",
        "Spoken over the programme of {n} channel(s):",
    ),
    "compose.sums.slate": ("(电视:全屏字幕)", " (TV: full-screen slate)"),
    "compose.sums.crawl": ("(电视:滚动字幕)", " (TV: crawl)"),
    "compose.sums.shrink": ("(电视:节目缩小,文字环绕)", " (TV: programme at half its size, words around it)"),
    "compose.sums.nochannel": ("不中断任何频道", "Interrupts no channel"),
    "compose.sums.unknown": (
        "选好区域后显示终端数和要中断的频道",
        "Choose where: then terminals and channels stand here",
    ),
    "compose.sums.asking": ("正在计算…", "Being worked out…"),
    "ended.rejected": ("签审人退回", "Rejected"),
    "alert.ownwords": ("您起草的预警须由他人签发。", "You wrote this alert: others must sign it."),
    "alert.over": ("结束", "Over"),
    "alert.reasongiven": ("理由:{why}", "reason: {why}"),
}
