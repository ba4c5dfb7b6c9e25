"""What the witness gives as a cause, said in both languages. Pure; the causes themselves are made where they are found (safety/compare.py, judge.py, returns.py, slots.py)."""

from __future__ import annotations

from typing import Final

from station.reasons import Sayings
from station.words import Text

_SAID: Final[tuple[tuple[str, str], ...]] = (
    ("no packets", "没有数据包"),
    ("packets lost", "丢包"),
    ("silence", "静音"),
    ("tone", "单音"),
    ("samples differ", "采样不符"),
    ("not what is due", "不是应播内容"),
    ("something lies over the programme", "节目上叠加了其他声音"),
    ("noise", "噪声"),
    ("left channel lost", "左声道丢失"),
    ("right channel lost", "右声道丢失"),
    ("channels swapped", "左右声道反接"),
    ("stereo lost", "立体声丢失"),
    ("fell to filler", "垫播"),
    ("fell to the loop", "落到循环"),
    ("fell to tone", "落到单音"),
    ("fell to the card", "落到台卡"),
    ("the loop", "循环"),
    ("the standby filler of the player", "播放器自备垫播"),
    ("picture: the standby filler of the player", "画面:播放器自备垫播"),
    ("a tone where silence is due", "应静音处有单音"),
    ("recognised", "已识别"),
    ("not measured", "未监测"),
    ("an earlier order is followed", "仍按先前指令播出"),
    ("what was withdrawn goes on", "已撤播的内容仍在播出"),
    ("no report from the witness", "监测点没有上报"),
    ("the witness did not hear", "监测点自身未收到"),
    ("finding the delay", "正在测定回传延时"),
    ("what is due cannot be read", "应播内容无法读取"),
    ("no plan known", "不知道播出计划"),
    ("a relay: there is nothing to compare it with", "转播:没有可比对的内容"),
    (r"medium (\w+) is not verified", r"素材 \1 尚未核验"),
    (r"medium (\w+) is not known by ear yet", r"素材 \1 的声音特征尚未建立"),
    (r"(\d+) samples? doubled", r"重复 \1 个采样"),
    (r"(\d+) samples? missing", r"缺少 \1 个采样"),
    (r"level ([+−-]\d+) dB", r"电平 \1 dB"),
    (r"the right item (\d+\.\d) s late", r"应播节目晚 \1 秒"),
    (r"the right item (\d+\.\d) s early", r"应播节目早 \1 秒"),
    (r"(.+) is due and not heard", r"应播 \1 而未听到"),
    ("the witness did not see", "监测点自身未看到"),
    ("picture: no packets", "画面:没有数据包"),
    ("picture: packets, but no picture", "画面:有数据包而无图像"),
    ("picture: frames missing", "画面:缺帧"),
    ("picture: black", "画面:黑场"),
    ("picture: frozen", "画面:静帧"),
    ("picture: brightness or contrast", "画面:亮度或对比度改变"),
    ("picture: not what is due", "画面:不是应播内容"),
    ("picture: something lies over the programme", "画面:节目上叠加了其他图像"),
    ("picture: no plan known", "画面:不知道播出计划"),
    ("picture: fell to filler", "画面:垫播"),
    ("picture: fell to the loop", "画面:落到循环"),
    ("picture: fell to the card", "画面:落到台卡"),
    ("picture: an earlier order is followed", "画面:仍按先前指令播出"),
    ("picture: what was withdrawn goes on", "画面:已撤播的内容仍在播出"),
    (r"picture: medium (\w+) is not verified", r"画面:素材 \1 尚未核验"),
    (r"picture: film (\w+) is not known by sight yet", r"画面:素材 \1 的画面特征尚未建立"),
    (r"picture: (\d+) frames? late", r"画面:晚 \1 帧"),
    (r"picture: (\d+) frames? early", r"画面:早 \1 帧"),
    (r"picture: (.+) is due and not seen", r"画面:应播 \1 而未看到"),
    (r"picture: (.+) outlasts its end", r"画面:\1 到时未停"),
    (r"picture: (.+) is not due", r"画面:\1 不在应播之列"),
    (r"picture: (.+) is withdrawn", r"画面:\1 已撤播"),
    (r"(.+) outlasts its end", r"\1 到时未停"),
    (r"the end of (.+) is missing", r"\1 的尾音缺失"),
    (r"(.+) is not due", r"\1 不在应播之列"),
    (r"(.+) is withdrawn", r"\1 已撤播"),
)
_CAUSES: Final = Sayings(_SAID)


def cause_text(cause: str) -> Text:
    """A cause for people; one that is not known is shown as it is."""
    return _CAUSES.text(cause)
