"""A backup is whole or it is not there; a restore is all of it or nothing; secrets stay behind their passphrase."""

import hashlib
import json
import os
import shutil
import sqlite3
import threading
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rig import EXAMPLE, SETTINGS

from station import backup, backup_note, backup_words, keys, restore, sealing, settings_file
from station.backup_words import Kept, Manifest
from station.journal import Journal
from station.keeping import StationStarted
from station.people import People
from station.people_store import Account
from station.settings import Places
from station.store import sqlite_url
from station.words import Instant, Refused

PASS = "a passphrase that is long enough"
T0 = Instant(1_790_000_000_000_000)


def blob(media, content):
    sha = hashlib.sha256(content).hexdigest()
    path = media / sha[:2] / f"{sha}.flac"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.with_suffix(".json").write_text("{}")
    return path


def write(state, count):
    """So many records in the journal of a station that nobody runs."""
    done = threading.Event()
    journal = Journal.open(
        sqlite_url(state / "journal.db"), "rig", now=lambda: T0, call_in_reactor=lambda f, *args: f(*args)
    )
    for number in range(count):
        journal.append([StationStarted(version=str(number), settings="")], "system").addBoth(
            lambda _: done.set()
        )
    journal.close()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Made once: each password takes its time to be kept."""
    tmp_path = tmp_path_factory.mktemp("built")
    home = tmp_path / "etc"
    (home / "rundowns").mkdir(parents=True)
    (home / "media").mkdir()
    for name in ("filler.wav", "loop.wav", "other.wav"):
        (home / "media" / name).write_bytes(name.encode())
    (home / "rundowns" / "default.csv").write_text("start\n")
    (home / "areas.csv").write_bytes((EXAMPLE / "areas.csv").read_bytes())
    (home / "terminals.csv").write_text("code\n")
    (home / "make.py").write_text("")
    (home / ".hidden").write_text("")
    (home / "station.toml").write_text(
        SETTINGS.format(port=30_320).replace('state = "state"', 'state = "../var"')
    )
    state = tmp_path / "var"
    (state / "media").mkdir(parents=True)
    (state / "secrets").mkdir(mode=0o700)
    (state / "upstream").mkdir()
    keys.write_secret(state / "secrets" / "province.token", b"top secret token")
    (state / "upstream" / "cap.pem").write_text("private")
    (state / "library.json").write_text("[]")
    blob(state / "media", b"one")
    blob(state / "media", b"two")
    write(state, 3)
    people = People.open(state / "people.db", now=lambda: T0)
    people.add(
        Account(id="zz", name_zh="乙", name_en="B", roles=("admin",)),
        password="correct horse",
        pin="492817",
        by="system",
    )
    seat = []
    people.log_in("zz", "correct horse").addCallback(seat.append)
    people.close()
    assert seat
    return tmp_path


@pytest.fixture
def house(tmp_path, built):
    shutil.copytree(built, tmp_path, dirs_exist_ok=True)
    return tmp_path / "etc"


def task(house, now=T0, **more):
    path = house / "station.toml"
    settings = settings_file.load(path)
    places = settings_file.places(path, settings)
    return backup.Task(
        path=path, settings=settings, places=places, target=house.parent / "disk", now=now, **more
    )


def test_what_was_backed_up_is_put_in_place_byte_for_byte(house, tmp_path):
    told = []
    where, manifest = backup.make(task(house, passphrase=PASS, tell=told.append))
    assert (manifest.position, manifest.station, manifest.sealed) == (3, "rig", True)
    assert [one.en.split(",")[0].split(" ")[0] for one in told] == ["copying", "copying", "reading"]
    assert all(one.zh.startswith("正在") for one in told), "whoever waits reads what it is at"
    state, settings = tmp_path / "new/state", tmp_path / "new/settings"
    (tmp_path / "new").mkdir()
    restore.restore(restore.find(tmp_path / "disk"), state, settings, PASS)
    for name in ("station.toml", "rundowns/default.csv", "media/loop.wav", "areas.csv"):
        assert (settings / name).read_bytes() == (house / name).read_bytes()
    assert not (settings / "make.py").exists() and not (settings / ".hidden").exists()
    before = Places(tmp_path / "var")
    for path in before.media.rglob("*"):
        if path.is_file():
            assert (state / "media" / path.relative_to(before.media)).read_bytes() == path.read_bytes()
    token = state / "secrets/province.token"
    assert token.read_bytes() == b"top secret token" and token.stat().st_mode & 0o777 == 0o600
    assert (state / "upstream/cap.pem").exists()
    assert where.name in {path.name for path in (tmp_path / "disk").iterdir()}
    write(state, 1)  # the journal goes on where it was
    with sqlite3.connect(state / "journal.db") as connection:
        assert connection.execute("SELECT max(position) FROM journal").fetchone() == (4,)


def test_nobody_is_seated_in_a_restored_station(house, tmp_path):
    with sqlite3.connect(tmp_path / "var/people.db") as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (1,)
    where, _ = backup.make(task(house))
    with sqlite3.connect(where / "state/people.db") as connection:
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (0,)
        assert connection.execute("SELECT id FROM operators").fetchall() == [("zz",)]


def test_no_secret_is_in_a_backup_without_its_passphrase(house, tmp_path):
    backup.make(task(house))
    backup.make(task(house, now=Instant(T0 + 1_000_000), passphrase=PASS))
    for path in (tmp_path / "disk").rglob("*"):
        if path.is_file():
            assert b"top secret token" not in path.read_bytes()


def test_a_blob_is_written_once_for_all_and_let_go_with_the_last_that_names_it(house, tmp_path):
    backup.make(task(house))
    pool = tmp_path / "disk/media"
    (first,) = [path for path in pool.rglob("*.flac") if path.read_bytes() == b"one"]
    inode = first.stat().st_ino
    (tmp_path / "var/media").joinpath(*first.relative_to(pool).parts).unlink()
    blob(tmp_path / "var/media", b"three")
    for day in (1, 2):
        backup.make(task(house, now=Instant(T0 + day * 86_400_000_000), keep=2))
        kept = {path.read_bytes() for path in pool.rglob("*.flac")}
        assert kept == ({b"one", b"two", b"three"} if day == 1 else {b"two", b"three"})
        assert day == 2 or first.stat().st_ino == inode
    assert len(backup.generations(tmp_path / "disk")) == 2


def test_a_waveform_stands_beside_the_facts_of_its_medium_in_each_backup_as_it_was(house, tmp_path):
    path = blob(tmp_path / "var/media", b"sound").with_suffix(".peaks")
    name = path.relative_to(tmp_path / "var").as_posix()
    for day, content in enumerate((b"wave", b"WAVE")):
        path.write_bytes(content)
        made, _ = backup.make(task(house, now=Instant(T0 + day * 86_400_000_000)))
        assert (made / "state" / name).read_bytes() == content
    assert not list((tmp_path / "disk/media").rglob("*.peaks"))


def test_what_ingest_makes_again_of_a_house_file_is_in_no_backup(house, tmp_path):
    path = blob(tmp_path / "var/media", b"film")
    path.with_suffix(".h264").write_bytes(b"coded")
    path.with_suffix(".h264.json").write_bytes(b"{}")
    backup.make(task(house))
    assert list((tmp_path / "disk").rglob(path.name))
    assert not [one for one in (tmp_path / "disk").rglob("*") if ".h264" in one.name]


def test_a_station_that_writes_all_the_time_is_backed_up_at_one_moment(house, tmp_path):
    journal = Journal.open(
        sqlite_url(tmp_path / "var/journal.db"),
        "rig",
        now=lambda: T0,
        call_in_reactor=lambda f, *args: f(*args),
    )
    stop = threading.Event()

    def busy():
        while not stop.is_set():
            journal.append([StationStarted(version="x", settings="")], "system")
            stop.wait(0.0005)

    writer = threading.Thread(target=busy)
    writer.start()
    try:
        stop.wait(0.05)
        _, manifest = backup.make(task(house))
        _, later = backup.make(task(house, now=Instant(T0 + 1_000_000)))
    finally:
        stop.set()
        writer.join()
        journal.close()
    assert 3 < manifest.position < later.position


def test_a_damaged_medium_or_journal_makes_no_backup_and_says_which(house, tmp_path):
    good, _ = backup.make(task(house))
    bad = next((tmp_path / "var/media").rglob("*.flac"))
    content = bad.read_bytes()
    bad.write_bytes(b"changed")
    with pytest.raises(Refused, match=f"{bad.name} is damaged"):
        backup.make(task(house, now=Instant(T0 + 1_000_000)))
    bad.write_bytes(content)
    with sqlite3.connect(tmp_path / "var/journal.db") as connection:
        connection.execute("DROP TRIGGER journal_no_update")
        connection.execute("UPDATE journal SET body = '{}' WHERE position = 2")
    with pytest.raises(Refused, match="was not backed up over a good one"):
        backup.make(task(house, now=Instant(T0 + 2_000_000)))
    assert backup.generations(tmp_path / "disk") == [good]
    assert [path.name for path in (tmp_path / "disk").iterdir() if path.name.startswith(".")] == []


def test_a_full_or_missing_disk_is_one_sentence_and_leaves_nothing_half_done(house):
    one = attrs.evolve(task(house), target=Path("/proc/gengfu"))
    with pytest.raises(Refused, match="could not be written"):
        backup.make(one)
    assert backup_note.last(one.places) is None


@pytest.mark.parametrize("what", ["state/journal.db", "settings/station.toml", "pool", "gone"])
def test_a_damaged_backup_is_not_put_in_place(house, tmp_path, what):
    where, manifest = backup.make(task(house))
    victim = tmp_path / "disk/media" / manifest.blobs[0].path if what in ("pool", "gone") else where / what
    if what == "gone":
        victim.unlink()
    else:
        data = bytearray(victim.read_bytes())
        data[len(data) // 2] ^= 1
        victim.write_bytes(data)
    with pytest.raises(Refused, match="missing or damaged"):
        restore.restore(where, tmp_path / "s", tmp_path / "e", None)
    assert not (tmp_path / "s").exists() and not (tmp_path / "e").exists()


def test_nothing_is_overwritten(house, tmp_path):
    where, _ = backup.make(task(house))
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "mine").write_text("here")
    with pytest.raises(Refused, match="is not empty"):
        restore.restore(where, tmp_path / "s", tmp_path / "e", None)
    assert not (tmp_path / "e").exists()


def test_a_wrong_passphrase_puts_nothing_in_place(house, tmp_path):
    where, _ = backup.make(task(house, passphrase=PASS))
    with pytest.raises(Refused, match="passphrase is wrong"):
        restore.restore(where, tmp_path / "s", tmp_path / "e", PASS + "!")
    assert not (tmp_path / "s").exists()


def test_a_backup_that_names_a_place_outside_itself_is_refused(house, tmp_path):
    where, _ = backup.make(task(house))
    path = where / "manifest.json"
    said = json.loads(path.read_text())
    said["files"][0]["path"] = "state/../../escaped"
    path.write_text(json.dumps(said))
    with pytest.raises(Refused, match="outside itself"):
        restore.restore(where, tmp_path / "s", tmp_path / "e", None)
    path.write_text("{")
    with pytest.raises(Refused, match="no backup of ours"):
        restore.restore(where, tmp_path / "s", tmp_path / "e", None)
    path.write_text(json.dumps({**said, "format": "gengfu-backup/9"}))
    with pytest.raises(Refused, match="gengfu-backup/9"):
        restore.restore(where, tmp_path / "s", tmp_path / "e", None)


def test_a_folder_without_backups_is_said(tmp_path):
    with pytest.raises(Refused, match="there is no backup in"):
        restore.find(tmp_path)


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../../x", "a\0b"])
def test_places_outside_are_outside(path):
    assert not backup_words.inside(path)


@given(st.binary(max_size=200), st.integers(0, 10_000))
def test_what_was_sealed_is_opened_by_its_passphrase_and_by_no_change_of_it(content, where):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "secrets").mkdir()
        (root / "secrets/a").write_bytes(content)
        sealed = FAST(root)
    assert sealing.unseal(sealed, PASS) == {"secrets/a": content}
    broken = bytearray(sealed)
    broken[where % len(sealed)] ^= 1
    with pytest.raises(Refused):
        sealing.unseal(bytes(broken), PASS)


def FAST(root):
    """Sealed as always, but for a cheaper key: the format says how dear it is."""
    kept, sealing._LOG_N = sealing._LOG_N, 10
    try:
        return sealing.seal([root / "secrets"], root, PASS)
    finally:
        sealing._LOG_N = kept


def test_a_short_passphrase_and_a_strange_file_are_refused(tmp_path):
    with pytest.raises(Refused, match="at least 12"):
        sealing.seal([], tmp_path, "short")
    for data in (b"", b"gengfu-sealed/1\n", os.urandom(100)):
        with pytest.raises(Refused, match="no sealed folder"):
            sealing.unseal(data, PASS)


def test_a_passphrase_is_asked_twice_and_once(tmp_path):
    said = iter(["one", "one", "two", "three", "four"])
    assert backup.ask_passphrase(None, twice=True, ask=lambda _: next(said)) == "one"
    with pytest.raises(Refused, match="not the same"):
        backup.ask_passphrase(None, twice=True, ask=lambda _: next(said))
    assert backup.ask_passphrase(None, twice=False, ask=lambda _: next(said)) == "four"
    (tmp_path / "p").write_text("")
    with pytest.raises(Refused, match="no passphrase"):
        backup.ask_passphrase(tmp_path / "p", twice=True)


def test_small_files_of_the_settings_belong_to_a_backup_and_programs_do_not():
    assert backup_words.is_settings(("rundowns", "x.csv"), 10, named=False)
    assert not backup_words.is_settings(("big.bin",), backup_words.LARGEST + 1, named=False)
    assert backup_words.is_settings(("media", "loop.wav"), backup_words.LARGEST + 1, named=True)
    assert not backup_words.is_settings(("__pycache__", "x"), 1, named=False)
    assert not backup_words.is_settings(("backup.pass",), 20, named=False)


def test_a_manifest_says_what_it_is_not():
    one = Manifest(
        station="s", version="1", at=T0, position=0, head="", journal="sqlite", sealed=False, settings="x",
        files=(Kept(path="a", size=1, sha256="0" * 64),), blobs=(),
    )  # fmt: skip
    backup_words.check(one)


def test_the_commands_say_what_they_did_and_what_comes_next(house, tmp_path, said):
    (tmp_path / "pass").write_text(PASS + "\n")
    secret = ("--passphrase-file", tmp_path / "pass")
    settings = ("--settings", house / "station.toml")
    code, *told = said("backup", tmp_path / "disk", *settings, "--with-secrets", *secret)
    assert code == 0 and "3 journal records, 2 media" in "".join(told) and "回读校验无误" in "".join(told)
    code, *told = said(
        "restore", tmp_path / "disk", "--state", tmp_path / "s", "--settings", tmp_path / "e", *secret
    )
    assert code == 0 and "gengfu doctor" in "".join(told) and "secrets were not restored" not in "".join(told)
    places = ("--state", tmp_path / "s2", "--settings", tmp_path / "e2")
    code, *told = said("restore", tmp_path / "disk", *places, "--without-secrets")
    assert code == 0 and "secrets were not restored" in "".join(told) and "未恢复密钥" in "".join(told)
    for words, why in (
        (("backup", tmp_path / "var/inside", *settings), "another disk"),
        (("backup", tmp_path / "disk", *settings, "--keep", "0"), "at least 1"),
        (("backup", tmp_path / "disk", *settings, "--state", tmp_path / "none"), "no state directory"),
    ):
        code, *told = said(*words)
        assert code == 1 and why in "".join(told)


def test_a_journal_kept_elsewhere_is_named_without_its_password(house):
    one = task(house)
    elsewhere = attrs.evolve(one.settings.station, journal="postgresql+psycopg://gengfu:secret@db/gengfu")
    manifest = backup.make(attrs.evolve(one, settings=attrs.evolve(one.settings, station=elsewhere)))[1]
    assert "secret" not in manifest.journal and "db/gengfu" in manifest.journal
    assert "restore it there" in restore.next_steps(manifest, Path("/s"), Path("/e"), secrets=True)
