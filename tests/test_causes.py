"""Every cause that the witness gives is said in both languages."""

import re
from pathlib import Path

import pytest

from safety.causes import cause_text

SAFETY = Path(__file__).parent.parent / "safety"
GIVEN = re.compile(
    r'cause="([^"]+)"|return "(?:silent|foreign|empty|degraded|wrong)", "([^"]+)"|^\s+yield "\w+", [\w".]+, "([^"]+)"'
    r'|^ +\("(?:filler|loop|tone)", "\w+", "\w+", "([^"]+)"\)|^[A-Z]+: Final = "([a-z][^"]* [^"]+)"',
    re.M,
)


def causes():
    found = {
        text
        for path in SAFETY.glob("*.py")
        for pair in GIVEN.findall(path.read_text("utf-8"))
        for text in pair
    }
    return sorted(found - {""})


def test_the_causes_are_found_in_the_code():
    assert {"no packets", "fell to filler", "samples differ", "not measured"} <= set(causes())


@pytest.mark.parametrize("cause", causes())
def test_every_cause_of_the_code_has_its_chinese(cause):
    said = cause_text(cause)
    assert said.en == cause
    assert re.search(r"[\u4e00-\u9fff]", said.zh), f"{cause!r} is not in safety/causes.py"


@pytest.mark.parametrize(
    ("cause", "zh"),
    [
        ("1 sample missing", "缺少 1 个采样"),
        ("12 samples doubled", "重复 12 个采样"),
        ("level −6 dB", "电平 −6 dB"),
        ("the right item 0.4 s late", "应播节目晚 0.4 秒"),
        ("a1/fm1 is due and not heard", "应播 a1/fm1 而未听到"),
        ("medium 0123456789ab is not verified", "素材 0123456789ab 尚未核验"),
        ("medium 0123456789ab is not known by ear yet", "素材 0123456789ab 的声音特征尚未建立"),
        ("picture: film 0123456789ab is not known by sight yet", "画面:素材 0123456789ab 的画面特征尚未建立"),
        ("nobody foresaw this", "nobody foresaw this"),
    ],
)
def test_a_cause_with_a_figure_keeps_it(cause, zh):
    assert cause_text(cause).zh == zh
