"""What receivers see is had again from what was sent to them."""

import numpy as np
from tv_kit import RASTER, film_frame, read_number

from playout.recalling import Recall
from playout.tv_encoder import PictureEncoder
from playout.tv_house import planes_of


def number(packed):
    return read_number(planes_of(packed, RASTER)[0])[0]


def test_the_last_picture_sent_is_decoded_once_and_forgotten_with_the_next_one():
    recall, encoder = Recall(), PictureEncoder(RASTER)
    assert not recall.sees
    for k in range(30):
        recall.sent(encoder.encode(k, film_frame(k), fresh=k % 25 == 0), taken=True)
    seen = recall.picture(None)
    assert recall.sees and number(seen) == 29
    recall.sent(encoder.encode(30, seen, fresh=True), taken=False)
    assert recall.picture(None) is seen, "what is shown again stays what it was"
    recall.sent(encoder.encode(31, film_frame(31), fresh=False), taken=True)
    assert number(recall.picture(None)) == 31
    own = film_frame(40)
    assert recall.picture(own) is own
    recall.sent(encoder.encode(32, own, fresh=False), taken=False)
    again = recall.picture(None)
    assert number(again) == 40 and np.abs(again.astype(int) - own).mean() < 3
