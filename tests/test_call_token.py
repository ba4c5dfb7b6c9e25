"""The token by which a gateway of calls knows the station: one file, its owner's alone, read anew for each call."""

from types import SimpleNamespace

import attrs
import pytest
from rig import EXAMPLE
from twisted.internet import task
from twisted.internet.defer import Deferred

from station import call_token
from station.hook import Hook, _taken
from station.settings import AlarmsSection
from station.settings_file import load
from station.symptoms_calls import calls
from station.words import Refused, Text

TOKEN = "gateway-Q9-7f31c2aa"


def kept(folder, text=TOKEN, mode=0o600):
    path = folder / "call.token"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def test_a_token_of_its_owner_alone_is_read_with_or_without_a_line_end(tmp_path):
    assert call_token.read(kept(tmp_path)) == TOKEN
    assert call_token.read(kept(tmp_path, TOKEN + "\r\n")) == TOKEN


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        (TOKEN, 0o640, "0640"),
        (TOKEN, 0o604, "others can read"),
        ("short", 0o600, "16 to 500"),
        ("", 0o600, "16 to 500"),
        (TOKEN + "\r\nX-Evil: 1", 0o600, "one word"),
        (TOKEN + " and more", 0o600, "one word"),
        ("x" * 501, 0o600, "16 to 500"),
        ("令牌" * 9, 0o600, "not ASCII"),
        (b"\xff" * 20, 0o600, "not ASCII"),
    ],
)
def test_a_file_that_is_no_good_token_is_refused_in_words_and_never_shown(tmp_path, text, mode, said):
    with pytest.raises(Refused) as refused:
        call_token.read(kept(tmp_path, text, mode))
    assert said in refused.value.text.en and "secrets/call.token" in refused.value.text.zh
    assert TOKEN not in str(refused.value.text)


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path):
    with pytest.raises(Refused, match="cannot be read"):
        call_token.read(tmp_path / "call.token")


def test_without_a_file_in_the_settings_there_is_no_token(tmp_path):
    assert call_token.reader(AlarmsSection(), tmp_path)() == ""


class Agent:
    """Keeps the headers of each request."""

    def __init__(self):
        self.asked = []

    def request(self, method, url, headers, body):
        self.asked.append(dict(headers.getAllRawHeaders()))
        return Deferred()


def hook(folder):
    made = Hook(
        task.Clock(),
        "http://127.0.0.1:9/",
        call_token.reader(AlarmsSection(call_token_file="call.token"), folder),
    )
    made._agent = Agent()
    return made


def test_each_call_carries_the_token_as_it_is_then(tmp_path):
    kept(tmp_path)
    one = hook(tmp_path)
    one.post(b"{}", "k1")
    kept(tmp_path, "another-0123456789")
    one.post(b"{}", "k2")
    assert [asked[b"Authorization"] for asked in one._agent.asked] == [
        [b"Bearer " + TOKEN.encode()], [b"Bearer another-0123456789"],
    ]  # fmt: skip


def test_a_call_whose_token_cannot_be_read_is_not_sent_and_says_why(tmp_path):
    heard = []
    one = hook(tmp_path)
    one.post(b"{}", "k").addErrback(lambda failure: heard.append(failure.value))
    assert one._agent.asked == [] and heard[0].code == "token"


def test_a_gateway_without_a_token_gets_no_header():
    one = Hook(task.Clock(), "http://127.0.0.1:9/")
    one._agent = Agent()
    one.post(b"{}", "k")
    assert b"Authorization" not in one._agent.asked[0]


@pytest.mark.parametrize("code", [401, 403])
def test_a_gateway_that_knows_another_token_is_said_so(code):
    with pytest.raises(Refused, match="token") as refused:
        _taken(SimpleNamespace(code=code, deliverBody=lambda reader: None))
    assert refused.value.code == "token" and "令牌" in refused.value.text.zh


# -- what the doctor says ---------------------------------------------------------------------------


def said(*, answers=None, token=None, training=False, **alarms):
    settings = load(EXAMPLE / "station.toml")
    settings = attrs.evolve(
        settings,
        station=attrs.evolve(settings.station, training=training),
        alarms=attrs.evolve(settings.alarms, **alarms),
    )
    found = list(calls(settings, answers=answers, token=token))
    assert all(one.what == "calls" and one.text.en and one.text.zh for one in found)
    return [(one.grade, one.text.en) for one in found]


HOOK = {"call_hook": "http://127.0.0.1:9000/call"}


def test_a_station_whose_alarms_reach_no_telephone_is_told():
    ((grade, text),) = said(call_hook="")
    assert grade == "warn" and "call_hook" in text and "no telephone rings" in text
    ((grade, text),) = said(call_minutes=[], call_hook="")
    assert grade == "warn" and "calls nobody" in text


def test_a_gateway_that_asks_for_no_token_is_told():
    ((grade, text),) = said(**HOOK, answers=True)
    assert grade == "warn" and "call_token_file" in text


def test_a_gateway_that_is_away_or_a_token_nobody_can_use_is_bad():
    away = said(**HOOK, answers=False, call_token_file="call.token")
    assert [grade for grade, _ in away] == ["bad"] and "nobody answers" in away[0][1]
    open_file = said(
        **HOOK, answers=True, call_token_file="call.token", token=Text("others can read it", "他人可读")
    )
    assert open_file == [("bad", "no call can leave: others can read it")]


def test_a_gateway_with_a_token_is_well_and_a_shadow_station_needs_none():
    ((grade, text),) = said(**HOOK, answers=True, call_token_file="call.token")
    assert grade == "ok" and "2, 5, 10" in text
    assert said(training=True)[0][0] == "ok"
