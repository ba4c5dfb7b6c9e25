"""The HLS preview on disk: forgets what may not be seen or heard any more. Knows files; knows no encoder and no plan."""

from __future__ import annotations

import re
from pathlib import Path

from station.files import write_whole

INDEX = "index.m3u8"
_SEQUENCE = re.compile(r"#EXT-X-MEDIA-SEQUENCE:(\d{1,12})")


def forget(directory: Path) -> None:
    """Leave no segment, and a list that goes on counting (RFC 8216, 4.3.3.2): a client that follows it misses seconds and goes on."""
    index = directory / INDEX
    try:
        text = index.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    found = _SEQUENCE.search(text)
    following = (int(found[1]) if found else 0) + text.count("#EXTINF") + 1  # one may have been half written
    for path in directory.glob("seg*"):
        path.unlink(missing_ok=True)
    if text:
        empty = f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:{following}\n"
        try:
            write_whole(index, empty)
        except OSError:  # the disk is full: a list that counts anew is better than one of what is gone
            index.unlink(missing_ok=True)
