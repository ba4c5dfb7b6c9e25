"""The words of the Journal page. Knows no page."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str]] = {
    "journal.records": ("记录", "Records"),
    "journal.kind": ("类别", "Kind"),
    "journal.by": ("操作人", "By"),
    "journal.words": ("查找", "Search"),
    "journal.tail": ("实时跟随", "Follow live"),
    "journal.older": ("更早的记录", "Older records"),
    "journal.position": ("序号", "No."),
    "journal.at": ("时间", "Time"),
    "journal.what": ("事项", "What happened"),
    "journal.shown": ("显示 {n} / {of}", "{n} of {of} shown"),
    "journal.pending": ("新 {n} 条", "{n} new"),
    "journal.group.all": ("全部类别", "All kinds"),
    "journal.group.alert": ("预警", "Alerts"),
    "journal.group.template": ("模板", "Templates"),
    "journal.group.rundown": ("节目单", "Rundowns"),
    "journal.group.asrun": ("播出记录", "As-run"),
    "journal.group.terminal": ("终端", "Terminals"),
    "journal.group.slots": ("监测", "Measurements"),
    "journal.group.incident": ("事件", "Incidents"),
}
