"""Keys, the list of approved media, and the rooms of a state directory."""

import stat

import attrs
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from playout.cues import Cues
from playout.facts import Facts, write_facts
from playout.gain import q31
from schedules.handling import Handling, Measured
from station import keys, library, prepared, setup
from station.library import Entry
from station.settings import ChannelSection, Places
from station.words import Misheard, Refused


@pytest.fixture
def places(tmp_path):
    made = Places(tmp_path / "state")
    made.secrets.mkdir(parents=True)
    return made


def test_a_key_is_made_once_for_its_owner_alone_and_read_back(places):
    keys.make_checkpoint_key(places.secrets)
    path = places.secrets / keys.CHECKPOINT_KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = keys.checkpoint_key(places)
    said = (places.secrets / "checkpoint.pub.pem").read_bytes()
    assert serialization.load_pem_public_key(said).public_bytes_raw() == key.public_key().public_bytes_raw()
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        keys.make_checkpoint_key(places.secrets)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [None, b"", b"-----BEGIN PRIVATE KEY-----\nxx\n-----END PRIVATE KEY-----\n"]
)
def test_a_key_that_is_not_there_or_none_is_one_sentence(places, content):
    if content is not None:
        (places.secrets / keys.CHECKPOINT_KEY).write_bytes(content)
    with pytest.raises(Refused) as refused:
        keys.checkpoint_key(places)
    assert "gengfu setup" in refused.value.text.en and "gengfu setup" in refused.value.text.zh


def test_a_key_of_another_kind_is_refused(places):
    pem = rsa.generate_private_key(65_537, 2_048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    keys.write_secret(places.secrets / keys.CHECKPOINT_KEY, pem)
    with pytest.raises(Refused, match="no Ed25519 key"):
        keys.checkpoint_key(places)


# -- the list of media --------------------------------------------------------------------------


def entry(name="media/a.wav", sha="a"):
    return Entry(name=name, sha256=sha * 64, samples=48_000, title="甲", size=5, modified=6)


def test_the_list_survives_and_names_only_what_is_there(places):
    assert library.read(places) == []
    library.write(places, [entry(), entry("media/news/b.wav", "b"), entry("gone.wav", "c")])
    found = library.read(places)
    assert [one.name for one in found] == ["media/a.wav", "media/news/b.wav", "gone.wav"]
    for sha in "ab":
        path = places.medium(sha * 64)
        path.parent.mkdir(parents=True)
        path.touch()
    named = library.media_by_name(places, found)
    assert set(named) >= {"a" * 64, "b" * 64, "media/a.wav", "a.wav", "news/b.wav"}
    assert named["a.wav"].samples == 48_000 and named["a.wav"].title == "甲"
    assert "gone.wav" not in named and "c" * 64 not in named


def test_what_was_measured_is_in_the_list_and_a_list_of_before_is_brought_up_to_date(places):
    facts = Facts(
        sha256="a" * 64, samples=48_000, source_sha256="e" * 64, loudness_centi_lufs=-1_900, true_peak_centi_db=-200,
        title="甲", format="wav", cues=Cues(cue_in=9, fade_in=9, fade_out=40_000, segue=44_000, cue_out=47_000),
    )  # fmt: skip
    path = places.medium("a" * 64)
    path.parent.mkdir(parents=True)
    path.touch()
    write_facts(facts, places.media)
    before = [entry(), entry("media/b.wav", "b")]
    first, second = (setup._remeasured(one, places) for one in before)
    assert first.measured == Measured(loudness=-1_900, peak=-200, cue_in=9, cue_out=47_000, segue=44_000)
    assert second == before[1], "nothing is known of it"
    whole = setup._measured(attrs.evolve(facts, cues=None))
    assert (whole.cue_in, whole.segue, whole.cue_out) == (0, 48_000, 48_000)
    library.write(places, [first, second])
    assert library.read(places) == [first, second]
    channel = ChannelSection(
        id="fm1", chain="c", name_zh="", name_en="", area="", rundowns="", target_lufs=-23
    )
    (how,) = library.handlings_on(channel, [first, second]).values()
    assert how == Handling(gain=q31(-400), cue_in=9, cue_out=47_000, segue=44_000)


@pytest.mark.parametrize("text", ["{", "[1]", '{"a":1}', '[{"name":1}]'])
def test_a_damaged_list_is_told_in_words(places, text):
    (places.state / library.FILE).write_text(text)
    with pytest.raises(Misheard) as said:
        library.read(places)
    assert "gengfu setup" in said.value.text.en and "gengfu setup" in said.value.text.zh


# -- rooms --------------------------------------------------------------------------------------


def test_a_state_directory_in_the_way_of_a_file_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(Refused) as refused:
        prepared.rooms(Places(tmp_path / "file" / "state"))
    assert "--state" in refused.value.text.en and "无法写入" in refused.value.text.zh


def test_secrets_are_for_their_owner_alone(tmp_path):
    made = Places(tmp_path / "state")
    prepared.rooms(made)
    assert stat.S_IMODE(made.secrets.stat().st_mode) == 0o700
    assert not (made.state / ".writable").exists()
