"""Rundowns of a simulated day, as an editor would write them: hourly hard starts, soft ones, files that are missing, and mistakes. Pure; the dice are given."""

from __future__ import annotations

from random import Random

from schedules.calendar import oddity

HEAD = "start,mode,title,media,duration,class,cut\n"


def rundown(
    dice: Random, day: str, tz: str, day_start: str, songs: tuple[str, ...], *, wrong: bool = False
) -> str:
    """The CSV of one broadcast day. `wrong`: with one line that cannot be kept, so that all of it is refused."""
    rows: list[str] = []
    skip = -1
    for hour in range(5, 29):
        if hour != skip:
            rows += _hour(dice, hour, songs)
        odd = oddity(day, f"{hour}:30:00", tz, day_start)
        if odd == "skipped":
            skip = (
                hour + 1
            )  # the clocks go on by an hour: what was at half past stands where the next hour was
        if odd == "twice":
            rows.append(f"{hour}:30:00B,soft,Second {hour}:30,{dice.choice(songs)},,news,yes")
    if wrong:
        rows.insert(dice.randrange(len(rows)), dice.choice(_WRONG))
    return HEAD + "\n".join(rows) + "\n"


def changed(before: str, after: str, hour: int) -> str:
    """A rundown that is as `before` until the news of `hour`, and from there on as `after`."""
    mark = f"\n{hour}:00:00,hard"
    if mark not in before or mark not in after:
        return after
    return before[: before.index(mark)] + after[after.index(mark) :]


_WRONG = (
    "25:61:00,hard,No such minute,,60,news,yes",
    "05:00:00,hard,,,,,",
    "06:00:00,sometimes,Bad mode,media/music/01.flac,,,yes",
    "28:59:59,hard,Much too long,,90000000,news,no",
)


def _hour(dice: Random, hour: int, songs: tuple[str, ...]) -> list[str]:
    """One hour: the news hard, then music, perhaps something soft at half past, perhaps a planned silence."""
    rows = [f"{hour}:00:00,hard,News {hour},{dice.choice(songs)},{dice.randint(60, 400)},news,yes"]
    rows += [_follow(dice, songs) for _ in range(dice.randint(1, 3))]
    if dice.random() < 0.5:
        rows.append(f"{hour}:30:00,soft,Half past {hour},{dice.choice(songs)},,feature,yes")
        rows += [_follow(dice, songs) for _ in range(dice.randint(0, 2))]
    return rows


def _follow(dice: Random, songs: tuple[str, ...]) -> str:
    turn = dice.random()
    if turn < 0.05:
        return f",follow,Gone,media/lost/{dice.randrange(99)}.flac,{dice.randint(30, 300)},music,yes"
    if turn < 0.08:
        return f",follow,Planned pause,silence,{dice.randint(5, 40)},,yes"
    return f",follow,Music,{dice.choice(songs)},,music,yes"
