"""When the broadcast day of the made-up station begins: eight hours ago, on the hour, so that at whatever time the tests run it has both a past and a future."""

import os
import time

# of one run: the station made up is a process of its own, and the hour may strike in between
DAY_START = int(
    os.environ.setdefault("MADE_DAY_START", str(int(time.time()) // 3600 % 24 * 3600))
)  # s, UTC+8
CLOCK = f"{DAY_START // 3600:02d}:00"
