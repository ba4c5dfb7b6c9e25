"""Which films are decoded when, and what falls because its pictures cannot be had."""

from playout.vision import films_wanted
from schedules.plan import Fallen, Medium, Plan, Take
from schedules.raster import FRAME

A, B, F, G, SOUND = (f"{k}" * 64 for k in range(5))
START = 25 * 4_000
MEDIA = (
    Medium(sha256=A, samples=500 * FRAME, frames=500),
    Medium(sha256=B, samples=500 * FRAME, frames=500),
    Medium(sha256=F, samples=100 * FRAME, frames=100),
    Medium(sha256=G, samples=300 * FRAME, frames=300),
    Medium(sha256=SOUND, samples=100 * FRAME),
)


def take(item, first, frames, media, **more):
    start = (START + first) * FRAME
    return Take(
        item=item, start=start, end=start + frames * FRAME, kind=more.pop("kind", "programme"), title=item,
        approval="x", media=media, **more,
    )  # fmt: skip


TAKES = (
    take("a", 0, 300, A, offset=50 * FRAME),
    take("s", 300, 50, SOUND),
    take("b", 350, 400, B),
    take("off", 750, 50, None, kind="silence"),
)
PLAN = Plan(
    channel="tv1", revision=1, start=START * FRAME, end=(START + 800) * FRAME, takes=TAKES, media=MEDIA, filler=(F, G), loop=SOUND,
)  # fmt: skip


def wanted(k, rungs=()):
    found = films_wanted(PLAN, rungs, (START + k) * FRAME)
    return [(s.sha256, s.origin - START, s.begin - START, s.end - START) for s in found]


def test_the_film_on_air_and_those_that_begin_soon():
    assert wanted(0) == [(A, -50, 0, 300)]
    assert wanted(150) == [(A, -50, 0, 300), (B, 350, 350, 750)]
    assert wanted(310) == [(B, 350, 350, 750)]
    assert wanted(760) == []


def test_filler_is_decoded_only_while_a_take_has_fallen_to_it():
    fallen = (Fallen(take=TAKES[0].id, start=(START + 20) * FRAME, rung="filler"),)
    assert wanted(10, fallen) == [(A, -50, 0, 300)]
    names = [row[0] for row in wanted(30, fallen)]
    assert A in names and (F in names or G in names)
    for _, origin, begin, end in [row for row in wanted(30, fallen) if row[0] in (F, G)]:
        assert origin == begin and end - begin in (100, 300)


def test_a_loop_without_pictures_asks_for_no_film():
    fallen = (Fallen(take=TAKES[0].id, start=TAKES[0].start, rung="loop"),)
    assert wanted(30, fallen) == [(A, -50, 0, 300)]
