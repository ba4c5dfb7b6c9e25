"""A remark says where it belongs: the channel, the day, or one of its lines."""

from schedules.remarks import Remark, Unplannable
from station.words import Text

TEXT = Text("too late", "太晚")


def test_a_remark_names_its_place() -> None:
    assert Remark("", 0, TEXT).said == TEXT
    assert Remark("2026-11-22", 0, TEXT).said.en == "2026-11-22: too late"
    assert Remark("2026-11-22", 7, TEXT).said == Text("2026-11-22 line 7: too late", "2026-11-22 第7行:太晚")


def test_what_cannot_be_planned_is_refused_with_every_complaint() -> None:
    refused = Unplannable([TEXT, Text("too long", "太长")]).refusal()
    assert (
        refused.code == "unplannable"
        and "too late; too long" in refused.text.en
        and "太晚;太长" in refused.text.zh
    )
