"""What the picture process composes: what the witness expects to see, whatever is missing."""

import os
import select
import signal
import socket
from functools import partial

import attrs
import numpy as np
import pytest
from picture_kit import K0, RASTER, TZ, film_frame, plan_of, take

from playout.graphics import Graphics, captioned, compose, layers
from playout.mixer import Slot
from playout.picturing import Blind, Painter, PictureProcess, forms
from playout.processes import hear, tell
from playout.rings import Laid
from playout.screens import BARE, DEGRADED, FRESH, Coded, PictureRing, ScreenRing, pack_coded
from playout.signwriter import Signwriter
from playout.tv_house import planes_of, size_of
from safety.gallery import Gallery
from safety.screen import Screen
from schedules.captions import Caption
from schedules.picture import seen
from schedules.plan import Fallen, Medium, Overlay
from schedules.planes import blank
from schedules.raster import FRAME, sample_of
from schedules.render import NotPlanned
from station.words import SampleIndex, Sha256, instant_of

FILM = Medium(sha256=Sha256("a" * 64), samples=200 * FRAME, frames=200, title="film")
SOUND = Medium(sha256=Sha256("b" * 64), samples=200 * FRAME, title="sound alone")
FILLER = Medium(sha256=Sha256("c" * 64), samples=100 * FRAME, frames=100, title="filler")
PLAN = plan_of(
    [take("news", FILM, K0, 100), take("talk", SOUND, K0 + 100, 50), take("off", None, K0 + 150, 50)],
    [FILM, SOUND, FILLER],
    FILLER,
)
NEWS = PLAN.takes[0]


def alert(mode: str, first: int = 0, last: int = 200, **more) -> Overlay:
    words = Caption(form="crawl", title="山洪红色预警", text="请沿河居民立即转移。" * 3, level=1)
    return attrs.evolve(
        Overlay(
            id="a1/tv1", mode=mode, start=sample_of(K0 + first), end=sample_of(K0 + last), priority=1,
            approval="alert:a1", caption=None if mode == "silence" else words,
        ),
        **more,
    )  # fmt: skip


class Booth:
    """A painter with one ring, in which the film's frames lie from `first` on."""

    def __init__(self, first: int = 0, last: int = 14, *, splices: bool = False) -> None:
        self.graphics = Graphics(RASTER, "寿县综合")
        self.ring = PictureRing(RASTER, splices=splices)
        self.painter = Painter(RASTER, self.graphics, [self.ring], TZ, clock=not splices, splices=splices)
        self.painter.plan = PLAN
        self.first = first
        self.ring.clear(1, first)
        for number in range(first, last):
            self.ring.write(Laid(partial(self.lay, number)) if splices else film_frame(number, 1)[np.newaxis])
            if splices:
                self.draw(number)
        self.painter.place({0: Slot(sha256=FILM.sha256, generation=1, origin=K0)})
        self.place = np.zeros(size_of(RASTER), np.uint8)

    def lay(self, number: int, place: np.ndarray) -> None:
        pack_coded(Coded(1, number, b"%d" % number) if number != 4 else None, self.ring.tail(place))

    def draw(self, number: int) -> None:
        self.ring.draw(number, Laid(lambda place: np.copyto(place, film_frame(number, 1))))

    def cover(self, rungs, overlays) -> None:
        """As the process does it, the words drawn at once."""
        self.painter.cover(rungs, overlays)
        while (caption := self.painter.wanted(K0)) is not None:
            self.painter.drawn(caption, captioned(RASTER, caption))

    def frame(self, n: int) -> tuple[np.ndarray, int, Blind | None]:
        flags, blind = self.painter.frame(K0 + n, self.place)
        return self.place.copy(), flags, blind

    def due(self, n: int, rungs=()) -> np.ndarray:
        """As the witness' drawing has it."""
        sign = not self.ring.splices
        what = seen(PLAN, self.painter.overlays, rungs, RASTER, K0 + n, TZ, clock=sign, sign=sign)
        made = film_frame(what.shot.frame, 1) if what.shot else np.concatenate([p.ravel() for p in blank(RASTER.width, RASTER.height)])  # fmt: skip
        compose(planes_of(made, RASTER), layers(what, self.graphics))
        return made


def test_a_channel_that_splices_hands_on_what_a_bare_film_was_coded_as_and_shows_no_sign() -> None:
    booth = Booth(splices=True)
    for n in range(6):
        shown, flags, _ = booth.frame(n)
        assert np.array_equal(shown, film_frame(n, 1)) or flags & BARE
        assert booth.painter.coded == (None if n == 4 else Coded(1, n, b"%d" % n))
        assert flags == (FRESH | BARE if n == 0 else 0 if n == 4 else BARE)
    booth.cover((), (alert("duck", 6, 9),))
    for n in range(6, 12):
        assert booth.frame(n)[1] == (FRESH if n == 6 else 0)
        assert booth.painter.coded is None, "under the alert, and then till its film’s next group"
    booth.frame(110)
    assert booth.painter.coded is None
    plain = Booth()
    plain.frame(0)
    assert plain.painter.coded is None


class Far(Booth):
    """The same without pixels; those that are asked for are drawn by hand."""

    def draw(self, number: int) -> None:
        pass

    def drawn(self) -> int | None:
        """Draw what is asked for; from which position on."""
        at = self.ring.asked(1)
        for number in range(max(at, self.ring.first), self.ring.written) if at is not None else ():
            super().draw(number)
        return at

    def see(self, n: int) -> tuple[np.ndarray, int, Blind | None]:
        self.painter.look(K0 + n)
        return self.frame(n)


def test_pixels_are_asked_for_where_a_frame_may_need_them_and_are_there_for_an_alert() -> None:
    booth = Far(5, 19, splices=True)
    booth.painter.look(K0 + 5)
    assert booth.ring.asked(1) == 5, "whoever encodes has just begun too"
    shown = [booth.see(n)[1] for n in range(5, 9)]
    assert shown == [FRESH | BARE, BARE, BARE, BARE] and booth.ring.asked(1) == 5, (
        "asked for, and not there yet"
    )
    booth = Far(30, 44, splices=True)
    booth.frame(30)
    booth.painter.look(K0 + 31)
    assert booth.ring.asked(1) is None
    booth.painter.look(K0 + 31, K0 + 10)
    assert booth.ring.asked(1) == 31, (
        "an encoder that needed pixels less than a second ago may need them again"
    )
    booth.painter._until = 0
    booth.cover((), (alert("duck", 36, 200),))
    booth.painter.look(K0 + 31)
    assert booth.drawn() == 31
    for n in range(31, 40):
        shown, flags, blind = booth.see(n)
        assert blind is None and flags == (FRESH if n == 36 else 0)
        assert np.array_equal(shown, booth.due(n) if n >= 36 else film_frame(n, 1))
        assert (booth.painter.coded is None) == (n >= 36)


def test_an_alert_that_comes_before_the_pixels_lies_over_a_picture_of_a_little_earlier() -> None:
    booth = Far(30, 44, splices=True)
    booth.see(30)
    booth.cover((), (alert("duck", 31, 200),))
    booth.ring.lay_by(1, Laid(lambda place: np.copyto(place, film_frame(25, 1))))
    shown, flags, blind = booth.see(31)
    assert flags == FRESH | DEGRADED and blind is not None
    made = film_frame(25, 1)
    compose(
        planes_of(made, RASTER),
        layers(seen(PLAN, booth.painter.overlays, (), RASTER, K0 + 31, sign=False), booth.graphics),
    )
    assert np.array_equal(shown, made)
    assert booth.drawn() == 30
    shown, flags, blind = booth.see(32)
    assert (flags, blind) == (0, None)


def test_the_witness_expects_no_sign_where_none_is_shown(tmp_path) -> None:
    graphics = Graphics(RASTER, "寿县综合")
    for sign in (True, False):
        screen = Screen(graphics, Gallery(tmp_path), TZ, clock=False, sign=sign)
        what = screen.seen(PLAN, (), (), K0)
        assert what.logo == sign and len(layers(what, graphics)) == sign


OVERLAYS = {
    "nothing": (),
    "a crawl": (alert("duck"),),
    "a slate": (alert("replace"),),
    "a mute": (alert("silence"),),
    "a crawl over a slate": (alert("replace"), alert("duck", id="a2/tv1", priority=2)),
    "a slate over a crawl": (alert("duck"), alert("replace", id="a2/tv1", priority=2)),
}


@pytest.mark.parametrize("what", OVERLAYS)
@pytest.mark.parametrize("n", [3, 110, 160])
def test_a_frame_is_what_the_witness_draws_over_a_film_a_title_and_nothing(what, n) -> None:
    booth = Booth()
    booth.cover((), OVERLAYS[what])
    shown, _, blind = booth.frame(n)
    assert blind is None
    assert np.array_equal(shown, booth.due(n))


@pytest.mark.parametrize("what", OVERLAYS)
def test_a_take_that_fell_to_the_tone_shows_the_witness_card(what) -> None:
    booth = Booth()
    fallen = (Fallen(take=NEWS.id, start=NEWS.start, rung="tone"),)
    booth.cover(fallen, OVERLAYS[what])
    assert np.array_equal(booth.frame(3)[0], booth.due(3, fallen))


def test_the_last_picture_stands_in_for_five_and_then_the_card_that_the_witness_knows() -> None:
    booth = Booth(last=10)
    last = booth.frame(9)
    assert last[2] is None
    for n in range(10, 15):
        shown, flags, blind = booth.frame(n)
        assert blind == Blind(take=NEWS.id, frame=K0 + n, rung="file")
        assert flags & DEGRADED
        made = film_frame(9, 1)
        compose(planes_of(made, RASTER), layers(seen(PLAN, (), (), RASTER, K0 + n, TZ), booth.graphics))
        assert np.array_equal(shown, made), "the picture before, the present clock"
    shown, _, blind = booth.frame(15)
    assert blind is not None
    card = (Fallen(take=NEWS.id, start=NEWS.start, rung="tone"),)
    assert np.array_equal(shown, booth.due(15, card))


def test_without_a_picture_before_there_is_the_card_at_once_and_none_is_held_over_another_take() -> None:
    booth = Booth(first=20, last=30)
    card = (Fallen(take=NEWS.id, start=NEWS.start, rung="tone"),)
    assert np.array_equal(booth.frame(3)[0], booth.due(3, card))
    assert booth.frame(25)[2] is None
    booth.frame(160)
    booth.painter.place({})
    assert np.array_equal(booth.frame(26)[0], booth.due(26, card))


def test_a_picture_is_held_as_long_as_its_ring_has_it_when_the_first_one_is_missing() -> None:
    kept, gone = Booth(last=10), Booth(last=10)
    for booth in (kept, gone):
        assert booth.frame(8)[2] is booth.frame(9)[2] is None
    gone.ring.clear(2, 50)
    assert kept.frame(10)[2] is not None
    kept.ring.clear(2, 50)
    shown = kept.frame(12)[0]
    made = film_frame(9, 1)
    compose(planes_of(made, RASTER), layers(seen(PLAN, (), (), RASTER, K0 + 12, TZ), kept.graphics))
    assert np.array_equal(shown, made), "it was kept when the first one was missing"
    card = (Fallen(take=NEWS.id, start=NEWS.start, rung="tone"),)
    assert np.array_equal(gone.frame(10)[0], gone.due(10, card))


def test_a_group_begins_on_whole_seconds_and_with_an_alert_and_nothing_is_shown_without_a_plan() -> None:
    booth = Booth()
    booth.cover((), (alert("duck", 3),))
    flags = [booth.frame(n)[1] & FRESH for n in (0, 1, 2, 3, 4)]
    assert flags == [FRESH, 0, 0, FRESH, 0]
    booth.painter.plan = None
    with pytest.raises(NotPlanned):
        booth.frame(5)


STRANGE = Caption(form="crawl", title="\U0001f600", text="", level=1)


def test_captions_are_wanted_one_at_a_time_the_nearest_first_and_what_the_font_lacks_is_said() -> None:
    painter = Booth().painter
    later = alert("duck", 100, 150, id="a3/tv1", caption=STRANGE)
    painter.cover((), (later, alert("replace", 0, 90), alert("silence", 5)))
    first = painter.wanted(K0)
    assert (first.form, first.title) == ("slate", "山洪红色预警")
    assert painter.wanted(K0 + 90) == STRANGE, "what is over is not drawn any more"
    assert painter.drawn(first, captioned(RASTER, first)) == ""
    assert painter.wanted(K0) == STRANGE
    assert painter.drawn(STRANGE, captioned(RASTER, STRANGE)) == "\U0001f600"
    assert painter.wanted(K0) is None


def test_what_cannot_be_drawn_is_not_asked_for_again_till_the_next_order() -> None:
    painter = Booth().painter
    painter.cover((), (alert("duck", caption=STRANGE),))
    assert painter.drawn(painter.wanted(K0), None) == ""
    assert painter.wanted(K0) is None
    painter.cover((), (alert("duck", caption=STRANGE),))
    assert painter.wanted(K0) == STRANGE


def test_no_frame_waits_for_words_a_crawl_comes_later_and_a_slate_holds_the_picture_before() -> None:
    for mode in ("duck", "replace"):
        booth = Booth()
        last = booth.frame(3)[0]
        assert booth.frame(2)[1] == 0
        booth.frame(3)
        booth.painter.cover((), (alert(mode, 4),))
        shown, flags, blind = booth.frame(4)
        assert blind is None and flags == FRESH | DEGRADED
        luma, before = planes_of(shown, RASTER)[0], planes_of(last, RASTER)[0]
        if mode == "duck":
            made = film_frame(4, 1)
            compose(planes_of(made, RASTER), layers(seen(PLAN, (), (), RASTER, K0 + 4, TZ), booth.graphics))
            assert np.array_equal(shown, made), "the programme goes on"
        else:
            assert np.array_equal(luma[100:], before[100:]), "the programme is stopped at once"
            assert np.array_equal(booth.frame(5)[0], shown)
        booth.cover((), (alert(mode, 4),))
        shown, flags, _ = booth.frame(6)
        assert np.array_equal(shown, booth.due(6)) and flags == 0


def test_a_slate_without_words_over_nothing_is_black() -> None:
    booth = Booth(first=50, last=51)
    booth.painter.cover((), (alert("replace"),))
    luma = planes_of(booth.frame(2)[0], RASTER)[0]
    assert (luma[100:] == 16).all()


class Desk:
    """A picture process, its middle's end, and a clock."""

    def __init__(self, booth: Booth) -> None:
        self.middle, ear = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ear.setblocking(False)
        self.middle.settimeout(1)
        self.screen = ScreenRing(RASTER)
        self.n, self.beats = 0, 0
        self.writer = Signwriter(RASTER)
        self.process = PictureProcess(booth.painter, self.screen, ear, self.now, self.beat, self.writer)

    def now(self):
        return instant_of(sample_of(K0 + self.n))

    def beat(self) -> None:
        self.beats += 1
        self.n += self.beats > 4
        if self.beats > 12 and self.writer.at is not None:
            select.select([self.writer.end], [], [], 10)  # it has drawn, or ended
        elif self.beats > 12:
            self.writer.end.close()
            raise EOFError

    def serve(self) -> None:
        with pytest.raises(EOFError):
            self.process.serve()


def test_the_process_composes_ahead_obeys_and_says_what_it_could_not_show() -> None:
    booth = Booth(first=100, last=101)
    desk = Desk(booth)
    booth.painter.plan = None
    for order in (
        ("plan", PLAN),
        ("slots", {0: Slot(sha256=FILM.sha256, generation=1, origin=K0)}),
        ("shown", (), (alert("duck", caption=STRANGE),)),
    ):
        tell(desk.middle, order)
    desk.n = 2
    desk.serve()
    assert desk.screen.head > K0 + 5
    said = []
    desk.middle.setblocking(False)
    with pytest.raises(BlockingIOError):
        while True:
            said.append(hear(desk.middle)[0])
    assert ("glyphs", "\U0001f600") in said
    assert {message[0] for message in said} == {"glyphs", "blind"}


class Slow(Signwriter):
    """Its processes stand still: whatever they are to draw, they are killed at it."""

    def begin(self) -> socket.socket:
        end = super().begin()
        os.kill(self._pid, signal.SIGSTOP)
        return end

    def killed(self) -> tuple | None:
        os.kill(self._pid, signal.SIGKILL)
        assert select.select([self.end], [], [], 10)[0]
        return self.answer()


def test_a_signwriter_that_is_killed_draws_again_and_what_kills_it_each_time_is_given_up() -> None:
    writer, words = Slow(RASTER), Caption(form="slate", title="山洪", text="请转移。" * 9, level=1)
    writer.draw(words)
    assert [writer.killed(), writer.killed(), writer.at] == [None, None, words]
    os.kill(writer._pid, signal.SIGCONT)
    assert select.select([writer.end], [], [], 10)[0]
    caption, made = writer.answer()
    assert caption == words and len(made.slate.pages) == 1 and writer.at is None
    os.kill(writer._pid, signal.SIGSTOP)  # else it may have drawn before it is killed
    writer.draw(words)
    assert [writer.killed(), writer.killed(), writer.killed()] == [None, None, (words, None)]
    assert writer.end is None and writer.at is None
    writer.begin()
    assert writer.killed() is None and writer.end is None, "nothing was to be drawn: nobody begins it"


def test_words_are_drawn_in_every_form_they_may_be_shown_in():
    one = Overlay(
        id="o", mode="replace", start=SampleIndex(0), end=SampleIndex(1), priority=1, approval="alert:a"
    )
    assert [forms(attrs.evolve(one, mode=mode, shrink=shrink)) for mode in ("replace", "duck") for shrink in (False, True)] == [
        ("slate",), ("shrink",), ("crawl",), ("shrink", "crawl"),
    ]  # fmt: skip


def test_a_programme_is_shrunk_when_the_words_around_it_are_drawn_and_is_as_large_as_ever_till_then() -> None:
    booth = Booth()
    booth.frame(3)
    one = attrs.evolve(alert("duck", 4), shrink=True)
    booth.painter.cover((), (one,))
    shown, flags, blind = booth.frame(4)
    made = film_frame(4, 1)
    compose(planes_of(made, RASTER), layers(seen(PLAN, (), (), RASTER, K0 + 4, TZ), booth.graphics))
    assert np.array_equal(planes_of(shown, RASTER)[0][100:], planes_of(made, RASTER)[0][100:])
    assert blind is None and flags == FRESH | DEGRADED
    booth.cover((), (one,))
    for n in (5, 6, 7):
        shown, flags, _ = booth.frame(n)
        assert np.array_equal(shown, booth.due(n)) and not flags & DEGRADED
    x, y = RASTER.hole
    small = planes_of(shown, RASTER)[0][y : y + 288, x : x + 360].astype(int)
    large = planes_of(film_frame(7, 1), RASTER)[0].astype(int)
    assert np.abs(small - large.reshape(288, 2, 360, 2).mean(axis=(1, 3))).max() <= 0.5
