"""Writes station/pinyin.txt: one reading of each character for searching place names, from pypinyin (MIT), and what place names read otherwise.

usage: python docs/make_pinyin.py [areas.csv …]      characters of these tables are read too, beyond U+4E00–U+9FA5
"""

from __future__ import annotations

import sys
from pathlib import Path

from pypinyin import lazy_pinyin

TARGET = Path(__file__).parent.parent / "station" / "pinyin.txt"
# Place names read these otherwise than a single character is read; `~` gives a second reading that is searched too.
PLACES = dict(
    zip(
        "都长厦单尾佛什柏蚌埔茄杉",
        ["du", "chang", "xia", "shan", "wei", "fo", "shi", "bai", "beng", "pu", "qie", "shan"],
        strict=True,
    )
)
SECOND = {
    "长": "zhang", "藏": "zang", "朝": "zhao", "都": "dou", "堡": "pu", "乐": "yue", "圈": "juan", "重": "chong",
    "卡": "qia", "巷": "hang", "埔": "bu", "柏": "bo", "厦": "sha", "涌": "chong", "峒": "tong", "弄": "long",
    "牟": "mu", "行": "hang", "曾": "zeng", "勒": "le", "宿": "xiu", "绿": "lu",
}  # fmt: skip
PHRASES = """
重庆 chong qing|六安 lu an|蔚县 yu xian|番禺 pan yu|铅山 yan shan|黄陂 huang pi|枞阳 zong yang|尉犁 yu li|漯河 luo he
宝坻 bao di|牟平 mu ping|中牟 zhong mu|犍为 qian wei|泌阳 bi yang|莘庄 xin zhuang|乐清 yue qing|乐亭 lao ting|东阿 dong e
浒墅 xu shu|弥勒 mi le|喀什 ka shi|大埔 da bu|吴堡 wu bu|柏林 bo lin|朝阳 chao yang|太行 tai hang|藏族 zang zu|西藏 xi zang
乐都 le du|鸭绿 ya lu|十里堡 shi li pu|五里堡 wu li pu|三里堡 san li pu|八里堡 ba li pu|洪洞 hong tong|荥阳 xing yang|荥经 ying jing
渑池 mian chi|浚县 xun xian|郫都 pi du|蚌埠 beng bu|亳州 bo zhou|歙县 she xian|黟县 yi xian|涡阳 guo yang|砀山 dang shan
睢宁 sui ning|盱眙 xu yi|邗江 han jiang|丽水 li shui|台州 tai zhou|嵊州 sheng zhou|任丘 ren qiu|井陉 jing xing|获鹿 huo lu
大城 dai cheng|乐陵 lao ling|临朐 lin qu|莘县 shen xian|单县 shan xian|鄄城 juan cheng|茌平 chi ping|莒县 ju xian|长子 zhang zi
隰县 xi xian|解州 xie zhou|繁峙 fan shi|尉氏 wei shi|武陟 wu zhi|柘城 zhe cheng|商州 shang zhou|栎阳 yue yang|华阴 hua yin|六合 lu he|会稽 kuai ji|番禺 pan yu
""".replace("\n", "|")


def main() -> int:
    """Write the table."""
    chars = [chr(code) for code in range(0x4E00, 0x9FA6)]
    for path in sys.argv[1:]:
        chars += sorted({char for char in Path(path).read_text(encoding="utf-8") if ord(char) > 127})
    read: dict[str, list[str]] = {}
    for char in dict.fromkeys(chars):
        said = PLACES.get(char) or lazy_pinyin(char)[0]
        if said.isascii() and said.isalpha():
            read.setdefault(said, []).append(char)
    first = {char: said for said, found in read.items() for char in found}
    same = [char for char, said in SECOND.items() if first[char] == said]
    if same:
        raise SystemExit(f"these have their second reading first: {same}")
    lines = [f"{said} {''.join(found)}" for said, found in sorted(read.items())]
    lines += [f"~{char} {said}" for char, said in SECOND.items()]
    lines += [f"={phrase.strip()}" for phrase in PHRASES.split("|") if phrase.strip()]
    TARGET.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
