"""Which films are decoded when, and what falls because its pictures cannot be had."""

import socket
from pathlib import Path
from types import SimpleNamespace

import attrs
import numpy as np
import pytest

from playout.aslog import AsRunLog
from playout.chain import Chain
from playout.lanes import Lane
from playout.link import SetOverlays
from playout.picturing import Blind
from playout.processes import hear, tell
from playout.rings import FAILED, FILLING, AirRing
from playout.roots import Roots
from playout.screens import PictureRing, ScreenRing, UnitRing
from playout.standby import loop_plan
from playout.store import Shelf
from playout.vision import FILM_RINGS, Film, Screen, Vision, films_wanted
from schedules.captions import Caption
from schedules.plan import Fallen, Medium, Overlay, Plan, Replacement, Take
from schedules.raster import FRAME, Raster, sample_of
from schedules.render import take_at
from station.words import instant_of

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
    found = films_wanted(PLAN, rungs, SMALL, (START + k) * FRAME)
    return [(s.sha256, s.origin - START, s.begin - START, s.end - START) for s in found]


def test_the_film_on_air_and_those_that_begin_soon():
    assert wanted(0) == [(A, -50, 0, 300)]
    assert wanted(150) == [(A, -50, 0, 300), (B, 350, 350, 750)]
    assert wanted(310) == [(B, 350, 350, 750)]
    assert wanted(760) == []


def test_the_film_of_a_replacement_is_decoded_where_its_take_falls_to_it():
    covered = attrs.evolve(TAKES[0], replacement=Replacement(media=B, shift=-50 * FRAME))
    plan = attrs.evolve(PLAN, takes=(covered, *TAKES[1:]))
    fallen = (Fallen(take=covered.id, start=(START + 20) * FRAME, rung="replacement"),)
    assert [s.sha256 for s in films_wanted(plan, (), SMALL, START * FRAME)] == [A]
    both = films_wanted(plan, fallen, SMALL, START * FRAME)
    assert [(s.sha256, s.origin - START, s.end - START) for s in both] == [(A, -50, 300), (B, 0, 300)]


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


# ------------------------------------------------------------------ the middle's television side

SMALL = Raster(name="test", width=40, height=36, sar=(1, 1), colour="bt601")
WORDS = Caption(form="crawl", title="山洪", text="转移", level=1)
ALERT = Overlay(
    id="a1/tv1", mode="duck", start=(START + 100) * FRAME, end=(START + 200) * FRAME, priority=1,
    approval="alert:a1", sequence=("c" * 64,), caption=WORDS,
)  # fmt: skip


class End:
    """A child: what it is told, and whether it was killed."""

    def __init__(self):
        self.end, self.far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.far.setblocking(False)
        self.pid, self.kills, self.last = 4711, [], None

    def kill(self, blame=""):
        self.kills.append(blame)

    def told(self):
        found = []
        while True:
            try:
                found.append(hear(self.far)[0])
                self.last = found[-1]
            except BlockingIOError:
                return found


class Hall:
    """One screen between a chain that takes falls down and children that are told."""

    def __init__(self):
        self.k, self.ns = START, 10**12
        overlays = SetOverlays(channel="tv1", revision=1, overlays=(), media=())
        self.lane = Lane(channel="tv1", air=AirRing(8), plan=PLAN, rings=range(0), overlays=overlays)
        films = [Film(PictureRing(SMALL), child=End()) for _ in range(FILM_RINGS)]
        self.screen = Screen(self.lane, SMALL, films, ScreenRing(SMALL), UnitRing(), child=End())
        self.loaded, self.falls, self.said = set(), [], []
        memory = SimpleNamespace(has=self.loaded.__contains__, roots=Roots(Path("/m"), Path("/copy")))
        chain = SimpleNamespace(memory=memory, fall=self.fall)
        self.vision = Vision(
            chain, [self.screen], lambda: instant_of(sample_of(self.k)), lambda: self.ns, self.said.append
        )

    def fall(self, lane, fallen, cause=""):
        assert lane is self.lane
        lane.rungs = (*lane.rungs, fallen)
        self.falls.append((fallen, cause))

    def tick(self, k=None, ms=50):
        self.k = self.k if k is None else START + k
        self.ns += ms * 1_000_000
        self.vision.tick()

    def film(self, sha256):
        return next(film for film in self.screen.films if film.stream and film.stream.sha256 == sha256)

    def decode(self, film, frames, state=FILLING):
        """The decoder obeys its last order: so many frames, then this state."""
        film.child.told()
        order = film.child.last
        film.ring.clear(order.generation, order.start)
        film.ring.skip(order.start + frames)
        film.ring.state, film.ring.beat = state, self.ns

    def painter_says(self, *messages):
        for message in messages:
            tell(self.screen.child.far, message)
            self.vision.picture_said(self.screen, self.screen.child.end)


@pytest.fixture
def hall():
    return Hall()


def blind(take, frames, first=0):
    return [("blind", Blind(take=take.id, frame=START + first + n, rung="file")) for n in range(frames)]


def test_the_picture_process_is_told_each_thing_once_and_all_again_when_it_is_new(hall):
    hall.tick()
    told = hall.screen.child.told()
    assert [order[0] for order in told] == ["plan", "shown", "slots"]
    assert told[2][1][0].sha256 == A and told[2][1][0].origin == START - 50
    hall.tick()
    assert hall.screen.child.told() == []
    renewed = End()
    hall.vision.picture_renewed(hall.screen, renewed)
    hall.tick()
    assert [order[0] for order in renewed.told()] == ["slots", "plan", "shown"]


def test_words_are_shown_only_once_their_sound_is_in_memory(hall):
    hall.tick()
    hall.screen.child.told()
    hall.lane.overlays = attrs.evolve(hall.lane.overlays, overlays=(ALERT,))
    hall.tick()
    assert hall.screen.child.told() == []
    hall.loaded.add("c" * 64)
    hall.tick()
    assert hall.screen.child.told() == [("shown", (), (ALERT,))]


def test_a_plan_is_told_before_the_films_of_the_one_before_it_are_let_go(hall):
    hall.tick()
    hall.screen.child.told()
    hall.lane.plan = attrs.evolve(PLAN, revision=2, takes=(TAKES[2],))
    hall.tick(400)
    assert [order[0] for order in hall.screen.child.told()][:2] == ["plan", "shown"]


def test_the_films_of_the_plan_that_follows_are_decoded_before_it_is_taken_over(hall):
    hall.tick()
    first = take("b", -100, 500, B)
    hall.lane.following = attrs.evolve(PLAN, revision=2, start=first.start, end=first.end, takes=(first,))
    hall.tick()
    kept, coming = hall.film(A), hall.film(B)
    order = coming.child.told()[-1]
    assert (order.start, coming.stream.origin) == (100, START - 100)
    hall.decode(coming, 14)
    generation = coming.generation
    hall.lane.plan, hall.lane.following = hall.lane.following, None
    hall.tick()
    assert hall.film(B) is coming and coming.generation == generation, "it is not begun anew"
    assert kept.stream is None


def test_ten_frames_without_a_picture_are_a_fall_and_fewer_are_not(hall):
    hall.tick()
    hall.painter_says(*blind(TAKES[0], 9), ("seen",), *blind(TAKES[0], 9, 20))
    assert hall.falls == []
    hall.painter_says(*blind(TAKES[2], 9, 30), *blind(TAKES[0], 1, 40))
    assert hall.falls == [], "another take's do not count with them"
    hall.painter_says(*blind(TAKES[0], 9, 41))
    fallen = Fallen(take=TAKES[0].id, start=TAKES[0].start, rung="filler")
    assert hall.falls == [(fallen, "its pictures are not ready")]
    hall.painter_says(*blind(TAKES[0], 30, 60))
    assert len(hall.falls) == 1, "it is down already"
    hall.painter_says(*[("blind", Blind(take="gone@1", frame=1, rung="file"))] * 30)
    assert len(hall.falls) == 1, "nor does a take of a plan that is no more"


def test_a_film_that_breaks_off_falls_where_it_ends_and_does_not_return(hall):
    hall.tick()
    film = hall.film(A)
    hall.decode(film, 12, FAILED)
    hall.tick()
    fallen = Fallen(take=TAKES[0].id, start=(START + 12) * FRAME, rung="filler")
    assert hall.falls == [(fallen, "its pictures cannot be read")]
    assert hall.lane.blind == {TAKES[0].id}
    hall.tick(13)
    assert len(hall.falls) == 1
    assert {f.stream.sha256 for f in hall.screen.films if f.stream} > {A}, "filler is decoded now"


def test_a_film_that_failed_is_tried_again_and_once_it_fills_its_take_may_return(hall):
    hall.tick()
    film = hall.film(A)
    hall.decode(film, 12, FAILED)
    hall.tick()
    hall.tick(20, ms=1_900)
    assert film.child.told() == [], "not before two seconds"
    hall.tick(25, ms=200)
    hall.decode(film, 3)
    assert film.child.last.start == 75, "from what is on air"
    hall.tick()
    assert hall.lane.blind == {TAKES[0].id}, "three frames are not enough"
    film.ring.skip(75 + film.ring.room() + 3)
    hall.tick()
    assert hall.lane.blind == set()


def test_a_film_that_fails_after_its_take_is_over_or_belongs_to_none_makes_nothing_fall(hall):
    hall.tick()
    film = hall.film(A)
    hall.decode(film, 500, FAILED)
    hall.tick()
    hall.lane.plan = attrs.evolve(PLAN, takes=TAKES[1:])
    film.ring.skip(60)
    hall.vision._judge(hall.screen)
    assert hall.falls == []


def test_nothing_falls_before_what_is_mixed_already_or_after_the_take(hall):
    hall.tick()
    air = hall.lane.air
    block = np.zeros((480, 2), np.int16)
    head = (START + 100) * FRAME
    air.put(head - 480, block, 0)
    assert air.head == head
    hall.decode(hall.film(A), 12, FAILED)
    hall.tick(100)
    assert [fallen.start for fallen, _ in hall.falls] == [head]
    air.put((START + 300) * FRAME, block, 0)
    hall.lane.rungs = ()
    hall.painter_says(*blind(TAKES[0], 10))
    assert len(hall.falls) == 1, "the take is over"


def test_a_decoder_of_films_that_hangs_is_ended_and_its_successor_goes_on_where_the_air_is(hall):
    hall.tick()
    film = hall.film(A)
    hall.decode(film, 5)
    for n in range(1, 20):
        hall.tick(n, ms=40)
    assert film.child.kills, "700 ms without a sign of life, and needed now"
    renewed = End()
    hall.vision.film_renewed(hall.screen, film, renewed)
    (order,) = renewed.told()
    assert (order.start, order.paths, order.using) == (
        50 + 19,
        (f"/m/{A[:2]}/{A}.flac", f"/copy/{A[:2]}/{A}.flac"),
        1,  # what stalled is read last
    )
    idle = next(one for one in hall.screen.films if one.stream is None)
    other = End()
    hall.vision.film_renewed(hall.screen, idle, other)
    assert other.told() == []


def test_who_does_not_read_is_ended_and_who_is_gone_is_told_later(hall):
    hall.tick()
    child = hall.screen.child
    with pytest.raises(BlockingIOError):
        while True:
            tell(child.end, "x" * 1000)
    hall.lane.rungs = (Fallen(take=TAKES[0].id, start=TAKES[0].start, rung="filler"),)
    hall.tick()
    assert child.kills
    child.far.close()
    hall.tick()
    film = hall.film(A)
    film.child.far.close()
    hall.vision.film_renewed(hall.screen, film, film.child)
    hall.screen.child = None
    hall.tick()
    assert hall.screen.shown is None or hall.screen.shown[0] == ()


def test_a_film_decoder_that_does_not_read_is_ended(hall):
    hall.tick()
    film = hall.film(A)
    with pytest.raises(BlockingIOError):
        while True:
            tell(film.child.end, "x" * 1000)
    hall.vision.film_renewed(hall.screen, film, film.child)
    assert film.child.kills


def test_characters_that_the_font_has_not_are_a_line_of_the_log(hall):
    hall.tick()
    hall.painter_says(("glyphs", "𪚥"))
    assert hall.said == ["tv1: the font has no 𪚥; 〓 is shown · 字库缺字"]


# ------------------------------------------------------------------ a plan that begins later


def test_a_plan_that_begins_later_is_covered_from_the_picture_that_is_due_now(tmp_path):
    """Sound is mixed ahead of now, pictures are asked for now: between the two no moment may be without a take."""
    now, ahead = START * FRAME, (START + 10) * FRAME
    lane = Lane(
        channel="tv1", air=AirRing(4), plan=loop_plan("tv1", now, None, ()), rings=range(0),
        overlays=SetOverlays(channel="tv1", revision=0, overlays=()),
    )  # fmt: skip
    chain = Chain(
        "tv", {"tv1": lane}, [], Shelf(tmp_path), AsRunLog(tmp_path, "0" * 8), Roots(tmp_path),
        lambda: instant_of(now), lambda: 0, 1,
    )  # fmt: skip
    lane.air.put(ahead - 480, np.zeros((480, 2), np.int16), 0)
    chain.adopt(lane, attrs.evolve(PLAN, start=ahead + FRAME, takes=(take("later", 11, 100, A),)))
    assert A in [stream.sha256 for stream in films_wanted(lane.plan, lane.rungs, SMALL, now)]
    for frame in range(-20, 12):
        assert take_at(lane.plan, now + frame * FRAME).item == ("later" if frame == 11 else "standby")
