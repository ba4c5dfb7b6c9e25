"""Keys, the list of approved media, and the rooms of a state directory."""

import stat

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from station import keys, library, prepared
from station.library import Entry
from station.settings import Places
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
