"""The panel over real sockets, before a station that is not ours: sessions, forgery, limits, the API and its document, live events."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jsonschema
import pytest
from glasshouse import GlassHouse
from openapi_spec_validator import validate

from station import children
from web.endpoints import api_document

PORT = 28_100
COOKIE = f"gengfu_{PORT}"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GlassHouse]:
    with GlassHouse(tmp_path_factory.mktemp("glass"), PORT) as made:
        yield made


@pytest.fixture(scope="module")
def seat(house: GlassHouse) -> dict[str, str]:
    return house.bearer()


def uuid7() -> str:
    ms = time.time_ns() // 1_000_000
    tail = uuid.uuid4().int & ((1 << 62) - 1)
    return str(uuid.UUID(int=(ms << 80) | (7 << 76) | (0x123 << 64) | (2 << 62) | tail))


def by_browser(house: GlassHouse, operator: str = "chen", **more: str) -> tuple[dict[str, str], str]:
    """(headers with the cookie, forgery token) of a seat taken through the form; `more` goes with the form."""
    _, headers, body = house.ask("GET", "/login")
    pre = re.search(rb'name="pre" value="([^"]+)"', body)
    assert pre is not None
    form = f"pre={pre[1].decode()}&operator={operator}&password=night-watch"
    cookie = headers["set-cookie"].split(";")[0]
    sent = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    status, headers, _ = house.ask("POST", "/login", form, {**sent, **more})
    assert status == 302
    assert headers["location"] == "/"
    assert ("Secure" in headers["set-cookie"]) is more.get("Origin", "").startswith("https")
    assert "HttpOnly" in headers["set-cookie"]
    assert "SameSite=Strict" in headers["set-cookie"]
    kept = {"Cookie": headers["set-cookie"].split(";")[0]}
    _, _, body = house.ask("GET", "/", headers=kept)
    boot = re.search(rb'id="boot">(.*?)</script>', body, re.S)
    assert boot is not None
    return kept, json.loads(boot[1])["csrf"]


def mute(**more: Any) -> dict[str, Any]:
    return {
        "request": uuid7(),
        "body": {"mute": str(uuid.uuid4()), "alert": "", "areas": [], "reason": ""},
        **more,
    }


# ---- who sits here -----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["/", "/alerts", "/alerts/new", "/terminals", "/safety", "/journal"])
def test_nobody_sees_a_page_without_a_seat(house: GlassHouse, page: str) -> None:
    status, headers, _ = house.ask("GET", page)
    assert status == 302
    assert headers["location"] == ("/login" if page == "/" else f"/login?to={page}")


@pytest.mark.parametrize(
    "path", ["/api/v1/overview", "/events", "/hls/fm1/index.m3u8", "/speech/" + "0" * 64]
)
def test_nothing_is_told_without_a_seat(house: GlassHouse, path: str) -> None:
    assert house.ask("GET", path)[0] == 401
    assert house.ask("GET", path, headers={"Cookie": f"{COOKIE}=made-up"})[0] == 401


def test_a_page_never_holds_the_session(house: GlassHouse) -> None:
    cookie, _ = by_browser(house)
    token = cookie["Cookie"].partition("=")[2]
    assert token.encode() not in house.ask("GET", "/", headers=cookie)[2]


def test_a_wrong_password_is_one_sentence_in_the_readers_language(house: GlassHouse) -> None:
    _, headers, body = house.ask("GET", "/login")
    pre = re.search(rb'name="pre" value="([^"]+)"', body)
    assert pre is not None
    sent = {
        "Cookie": headers["set-cookie"].split(";")[0],
        "Content-Type": "application/x-www-form-urlencoded",
    }
    form = f"pre={pre[1].decode()}&operator=chen&password=wrong"
    status, _, body = house.ask("POST", "/login", form, {**sent, "Accept-Language": "en"})
    assert status == 403
    assert b"name or password is wrong" in body
    house.bearer()  # a good log-in forgets the failure


def test_whoever_lost_the_seat_reads_why_the_log_in_is_asked_again(house: GlassHouse) -> None:
    english = {"Accept-Language": "en"}
    assert b"Your session has ended" in house.ask("GET", "/login?seat=over", headers=english)[2]
    assert b"Your session has ended" not in house.ask("GET", "/login", headers=english)[2]


def test_a_log_in_leads_back_to_the_page_that_asked_for_it_and_to_no_other_place(house: GlassHouse) -> None:
    _, headers, body = house.ask("GET", "/login?seat=over&to=/alerts/wait-1%3Fx%3D1")
    assert b'name="to" value="/alerts/wait-1?x=1"' in body
    assert b"to=/login%3Fto%3D/alerts/wait-1%253Fx%253D1" in body, "nor is it lost with the language"
    pre = re.search(rb'name="pre" value="([^"]+)"', body)
    assert pre is not None
    sent = {
        "Cookie": headers["set-cookie"].split(";")[0],
        "Content-Type": "application/x-www-form-urlencoded",
    }
    for asked, led in (
        ("/alerts/wait-1?x=1", "/alerts/wait-1?x=1"),
        ("https://evil.example/", "/"),
        ("//evil", "/"),
    ):
        form = f"pre={pre[1].decode()}&operator=chen&password=night-watch&to={quote(asked)}"
        status, headers, _ = house.ask("POST", "/login", form, sent)
        assert (status, headers["location"]) == (302, led)


def test_a_second_tab_at_the_log_in_does_not_outdate_the_form_of_the_first(house: GlassHouse) -> None:
    _, headers, body = house.ask("GET", "/login")
    kept = {"Cookie": headers["set-cookie"].split(";")[0]}
    field = rb'name="pre" value="([^"]+)"'
    assert re.findall(field, house.ask("GET", "/login", headers=kept)[2]) == re.findall(field, body)
    foreign = {"Cookie": kept["Cookie"].split("=")[0] + "=chosen-by-somebody"}
    assert b"chosen-by-somebody" not in house.ask("GET", "/login", headers=foreign)[2]


def test_a_log_in_form_of_another_page_is_refused(house: GlassHouse) -> None:
    sent = {"Content-Type": "application/x-www-form-urlencoded"}
    assert house.ask("POST", "/login", "operator=chen&password=night-watch", sent)[0] == 403


def test_wrong_passwords_of_one_account_are_limited_and_keep_no_other_out(house: GlassHouse) -> None:
    answers = [
        house.ask("POST", "/api/v1/login", {"operator": "chen", "password": "no"})[0] for _ in range(11)
    ]
    assert answers == [403] * 10 + [429]
    assert house.ask("POST", "/api/v1/login", {"operator": "nobody", "password": "no"})[0] == 403


def test_after_log_out_the_session_is_dead(tmp_path: Path) -> None:
    with GlassHouse(tmp_path, PORT + 10) as own:
        seat = own.bearer()
        assert own.ask("POST", "/api/v1/logout", {}, seat)[0] == 200
        assert own.ask("GET", "/api/v1/me", headers=seat)[0] == 401


def test_a_panel_whose_parent_is_gone_before_it_begins_ends(house: GlassHouse) -> None:
    """Nobody would end it, and it would keep the port from the next one."""
    words = [sys.executable, "-m", "station.cli", "panel", "--settings", str(house.where / "station.toml")]
    words += ["--state", str(house.where / "other"), "--port", str(PORT + 20)]
    gone = {**os.environ, children.PARENT: "1"}
    assert subprocess.run(words, env=gone, timeout=10, check=False, capture_output=True).returncode == 1


# ---- what a hostile page or client tries -----------------------------------------------------------------


def test_a_post_by_cookie_needs_the_forgery_token_and_our_origin(house: GlassHouse) -> None:
    if_limited(house)
    cookie, csrf = by_browser(house)
    path = "/api/v1/commands/alert.mute"
    assert house.ask("POST", path, mute(), cookie)[0] == 403
    assert house.ask("POST", path, mute(), {**cookie, "X-CSRF-Token": "0" * 64})[0] == 403
    good = {**cookie, "X-CSRF-Token": csrf}
    assert house.ask("POST", path, mute(), {**good, "Origin": "http://evil.example"})[0] == 403
    assert house.ask("POST", path, mute(), {**good, "Origin": house.address})[0] == 200


def test_behind_a_tls_proxy_the_panel_is_used_as_on_the_machine_itself(house: GlassHouse) -> None:
    """The proxy hands on the host; the browser's origin is then of https, and its cookie kept to it."""
    if_limited(house)
    page = f"https://127.0.0.1:{PORT}"
    cookie, csrf = by_browser(house, Origin=page)
    good = {**cookie, "X-CSRF-Token": csrf, "Origin": page}
    assert house.ask("POST", "/api/v1/commands/alert.mute", mute(), good)[0] == 200
    evil = {**good, "Origin": "https://evil.example"}
    assert house.ask("POST", "/api/v1/commands/alert.mute", mute(), evil)[0] == 403


@pytest.mark.parametrize(
    "to",
    [
        "//evil.example",
        "/%5Cevil.example",
        "/%09/evil.example",
        "/%0A/evil.example",
        "https:evil.example",
        "%20//evil.example",
    ],
)
def test_choosing_a_language_leads_to_no_other_place(house: GlassHouse, to: str) -> None:
    status, headers, _ = house.ask("GET", f"/language/en?to={to}")
    assert (status, headers["location"]) == (302, "/")
    status, headers, _ = house.ask("GET", "/language/en?to=/rundown?channel=fm1%26day=2026-11-22")
    assert (status, headers["location"]) == (302, "/rundown?channel=fm1&day=2026-11-22")


def if_limited(house: GlassHouse) -> None:
    """The limiter's window must not decide the tests after it: the panel is started anew when it holds."""
    if house.ask("POST", "/api/v1/login", {"operator": "chen", "password": "night-watch"})[0] == 429:
        assert house.panel is not None
        house.panel.terminate()
        house.panel.wait(10)
        house.start_panel()


def test_a_host_that_is_not_ours_gets_nothing(house: GlassHouse) -> None:
    for path in ("/", "/login", "/healthz", "/static/x/app.css"):
        assert house.ask("GET", path, headers={"Host": "evil.example"})[0] == 421


@pytest.mark.parametrize("path", ["/login", "/healthz", "/static/x/app.css", "/api/v1/overview", "/nowhere"])
def test_every_answer_carries_the_headers_once(house: GlassHouse, path: str) -> None:
    line = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
    line.request("GET", path)
    answer = line.getresponse()
    names = [name.lower() for name, _ in answer.getheaders()]
    policy = answer.getheader("content-security-policy") or ""
    line.close()
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert names.count("content-security-policy") == 1
    assert names.count("x-content-type-options") == 1
    assert "access-control-allow-origin" not in names


def test_a_body_beyond_the_limit_is_refused(house: GlassHouse, seat: dict[str, str]) -> None:
    for header in (b"Content-Length: 9000000\r\n", b"Transfer-Encoding: chunked\r\n"):
        with socket.create_connection(("127.0.0.1", PORT), timeout=5) as line:
            line.sendall(b"POST /api/v1/pin HTTP/1.1\r\nHost: localhost\r\n" + header + b"\r\n")
            try:
                for _ in range(64):
                    line.sendall(b"8000\r\n" + b"x" * 0x8000 + b"\r\n")
            except OSError:
                pass  # it hung up, as it should
            assert line.recv(40).startswith(b"HTTP/1.1 413")
    assert house.ask("GET", "/healthz")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/hls/..%2f..%2fsecrets/x",
        "/hls/fm1/..",
        "/hls/.hidden/a",
        "/hls/fm1",
        "/speech/../x",
        "/static/x/../../app.py",
        "/static/x/js/",
    ],
)
def test_no_path_leads_out_of_its_tree(house: GlassHouse, seat: dict[str, str], path: str) -> None:
    assert house.ask("GET", path, headers=seat)[0] == 404


def test_the_language_link_never_leads_elsewhere(house: GlassHouse) -> None:
    for where in ("https://evil.example", "//evil.example", "/\\evil.example"):
        assert house.ask("GET", f"/language/en?to={where}")[1]["location"] == "/"


# ---- the API -----------------------------------------------------------------------------------------------


def test_the_document_is_valid_openapi(house: GlassHouse) -> None:
    document = json.loads(house.ask("GET", "/api/v1/openapi.json")[2])
    validate(document)
    paths = document["paths"]
    assert "/api/v1/commands/alert.mute" in paths
    assert "/api/v1/commands/alert.release" not in paths  # the station's own
    assert len(paths) > 30


QUERIES = {
    "/overview": "/overview",
    "/alerts": "/alerts?open=0&limit=5",
    "/alerts/{id}": "/alerts/wait-1",
    "/alerts/{id}/signers": "/alerts/wait-1/signers",
    "/mutes": "/mutes",
    "/templates": "/templates",
    "/areas": "/areas",
    "/resolve": "/resolve?areas=340422100000,340422101000",
    "/events": "/events",
    "/terminals": "/terminals?limit=20&state=online",
    "/map": "/map",
    "/rundown": "/rundown?channel=fm1&day=2026-11-20",
    "/rundowns": "/rundowns",
    "/withdrawn": "/withdrawn",
    "/prepared": "/prepared?channel=fm1",
    "/live": "/live?channel=fm1",
    "/asrun": "/asrun?channel=fm1&from=1780000000000000&to=1780003600000000",
    "/safety": "/safety?from=1780000000000000&to=1780003600000000",
    "/safety/series": "/safety/series?from=1780000000000000&to=1780003600000000&step=600000000",
    "/journal": "/journal?limit=5&kind=alert.",
    "/people": "/people",
    "/duty": "/duty",
    "/duty/day": "/duty/day",
    "/users": "/users",
    "/contacts": "/contacts",
    "/rundown/sheet": "/rundown/sheet?channel=fm1&day=2026-11-20",
    "/media": "/media",
    "/why": "/why?q=",
    "/settings": "/settings",
    "/settings/kept": "/settings/kept?number=1",
    "/me": "/me",
    "/why/{code}": "/why/none",
    "/alarms": "/alarms",
    "/alarms/history": "/alarms/history?limit=5&severity=major",
    "/alarms/cards": "/alarms/cards",
    "/transmitters": "/transmitters",
    "/power": "/power",
}


def test_every_query_answers_as_the_document_says(house: GlassHouse, seat: dict[str, str]) -> None:
    document = json.loads(house.ask("GET", "/api/v1/openapi.json")[2])
    told = {path.removeprefix("/api/v1") for path, item in document["paths"].items() if "get" in item}
    assert told == set(QUERIES)
    for path, asked in QUERIES.items():
        answer = house.api(asked, seat)
        responses = document["paths"]["/api/v1" + path]["get"]["responses"]
        schema = responses["200"]["content"]["application/json"]["schema"]
        jsonschema.validate(answer, {**schema, "components": document["components"]})


def test_whatever_rule_refuses_has_the_shape_of_the_document() -> None:
    """The station's rules name themselves in a code of their own, such as one beyond the sender's area."""
    problem = {"$ref": "#/components/schemas/Problem", "components": api_document()["components"]}
    for code in ("misheard", "area", "same-header"):
        jsonschema.validate({"code": code, "text": {"en": "no", "zh": "否"}}, problem)


def test_a_wrong_parameter_is_one_sentence(house: GlassHouse, seat: dict[str, str]) -> None:
    for path in (
        "/safety?from=x&to=1",
        "/safety?to=1",
        "/overview?nonsense=1",
        "/safety/series?from=0&to=9999&step=1",
    ):
        status, _, body = house.ask("GET", "/api/v1" + path, headers=seat)
        problem = json.loads(body)
        assert status == 400
        assert problem["code"] == "misheard"
        assert problem["text"]["en"]
        assert problem["text"]["zh"]


def test_a_command_needs_an_id_of_the_client(house: GlassHouse, seat: dict[str, str]) -> None:
    for body in (
        {},
        [],
        {"request": "x", "body": {}},
        {"request": str(uuid.uuid4()), "body": {}},
        {"request": uuid7()},
    ):
        assert house.ask("POST", "/api/v1/commands/alert.mute", body, seat)[0] == 400
    assert house.ask("POST", "/api/v1/commands/no.such", mute(), seat)[0] == 400
    assert house.ask("POST", "/api/v1/commands/alert.release", mute(), seat)[0] == 400


def test_the_same_action_twice_is_one_command(house: GlassHouse, seat: dict[str, str]) -> None:
    body = mute()
    first = house.ask("POST", "/api/v1/commands/alert.mute", body, seat)
    again = house.ask("POST", "/api/v1/commands/alert.mute", body, seat)
    assert first[2] == again[2]
    assert sum(one["id"] == body["body"]["mute"] for one in house.api("/mutes", seat)) == 1


def test_acting_without_proof_asks_for_the_pin(house: GlassHouse) -> None:
    if_limited(house)
    seat = house.bearer()
    content = house.api("/alerts/wait-1", seat)["content"]
    body = {"alert": "wait-1", "content": content, "verdict": "approve", "reason": ""}
    status, _, answer = house.ask(
        "POST", "/api/v1/commands/alert.sign", {"request": uuid7(), "body": body}, seat
    )
    assert (status, json.loads(answer)["code"]) == (428, "unproven")
    assert house.ask("POST", "/api/v1/pin", {"pin": "0000"}, seat)[0] == 428
    sent = {"request": uuid7(), "body": body, "pin": "2468"}
    assert house.ask("POST", "/api/v1/commands/alert.sign", sent, seat)[0] == 200
    assert house.api("/alerts/wait-1", seat)["aired_at"] is not None


def test_the_panel_leaves_rights_to_the_station(house: GlassHouse) -> None:
    seat = house.bearer("guest")
    assert house.ask("POST", "/api/v1/commands/alert.mute", mute(), seat)[0] == 403


def test_speech_is_served_with_ranges(house: GlassHouse, seat: dict[str, str]) -> None:
    audio = house.api("/alerts/wait-1", seat)["audio"]
    status, headers, body = house.ask("GET", f"/speech/{audio}", headers=seat)
    assert (status, headers["content-type"]) == (200, "audio/flac")
    assert body[:4] == b"fLaC"
    status, headers, part = house.ask("GET", f"/speech/{audio}", headers={**seat, "Range": "bytes=0-99"})
    assert (status, part) == (206, body[:100])


def test_hls_is_served_to_a_seat(house: GlassHouse, seat: dict[str, str]) -> None:
    target = house.state / "hls" / "fm1"
    target.mkdir(parents=True)
    (target / "index.m3u8").write_text("#EXTM3U\n")
    status, headers, body = house.ask("GET", "/hls/fm1/index.m3u8", headers=seat)
    assert (status, body) == (200, b"#EXTM3U\n")
    assert headers["content-type"] == "application/vnd.apple.mpegurl"
    assert headers["cache-control"] == "no-store"


def test_static_files_are_kept_for_ever_under_their_own_version(house: GlassHouse) -> None:
    css = re.search(rb'href="(/static/[0-9a-f]{12}/app.css)"', house.ask("GET", "/login")[2])
    assert css is not None
    status, headers, _ = house.ask("GET", css[1].decode())
    assert status == 200
    assert "immutable" in headers["cache-control"]
    assert house.ask("GET", "/static/older/app.css")[1]["cache-control"] == "no-cache"
    words = house.ask("GET", css[1].decode().replace("app.css", "words/zh.js"))
    assert words[0] == 200
    assert "可播" in words[2].decode()


# ---- live --------------------------------------------------------------------------------------------------


class Stream:
    """A browser's event stream, read by hand."""

    def __init__(
        self, house: GlassHouse, seat: dict[str, str], path: str = "/events", last: str = ""
    ) -> None:
        self.line = http.client.HTTPConnection("127.0.0.1", house.port, timeout=8)
        self.line.request("GET", path, headers={**seat, **({"Last-Event-ID": last} if last else {})})
        self.answer = self.line.getresponse()

    def until(self, event: str) -> tuple[str, Any]:
        """(id, data) of the next event of this name."""
        found: dict[str, str] = {}
        while True:
            raw = self.answer.readline()
            assert raw, "the stream ended"
            text = raw.decode().rstrip("\n")
            if text:
                name, _, value = text.partition(": ")
                found[name] = value
            elif found.get("event") == event:
                return found.get("id", ""), json.loads(found["data"])
            else:
                found = {}

    def close(self) -> None:
        self.line.close()


def test_the_overview_comes_at_once_and_again(house: GlassHouse, seat: dict[str, str]) -> None:
    stream = Stream(house, seat)
    assert stream.answer.getheader("content-type", "").startswith("text/event-stream")
    first = stream.until("overview")
    second = stream.until("overview")
    stream.close()
    assert first[0] != second[0]
    assert second[1]["at"] > first[1]["at"]
    assert all("may_sign" not in one for one in second[1]["sounding"] + second[1]["waiting"])


def test_a_stream_resumes_the_journal_where_it_was_cut(house: GlassHouse, seat: dict[str, str]) -> None:
    stream = Stream(house, seat, "/events?journal=1")
    stream.until("overview")
    house.ask("POST", "/api/v1/commands/alert.mute", mute(), seat)
    cut, seen = stream.until("journal")
    watcher = Stream(house, seat)  # keeps the shared subscription while the first is away
    watcher.until("overview")
    stream.close()
    house.ask("POST", "/api/v1/commands/alert.mute", mute(), seat)
    time.sleep(0.6)
    again = Stream(house, seat, "/events?journal=1", cut)
    missed = again.until("journal")[1]
    again.close()
    watcher.close()
    assert missed["position"] == seen["position"] + 1


def test_log_out_closes_the_streams_of_the_session(house: GlassHouse) -> None:
    if_limited(house)
    leaving, staying = house.bearer("li"), house.bearer("wang")
    one, other = Stream(house, leaving), Stream(house, staying)
    one.until("overview")
    other.until("overview")
    house.ask("POST", "/api/v1/logout", {}, leaving)
    assert one.until("bye")[1] == {"why": "logout"}
    assert other.until("overview")[1]["at"]
    one.close()
    other.close()


def test_a_station_that_dies_is_told_and_found_again(tmp_path: Path) -> None:
    with GlassHouse(tmp_path, PORT + 20) as own:
        seat = own.bearer()
        stream = Stream(own, seat)
        stream.until("overview")
        own.kill_station()
        stream.until("away")
        status, _, body = own.ask("GET", "/healthz")
        assert (status, json.loads(body)["panel"]) == (503, True)
        status, _, body = own.ask("GET", "/api/v1/overview", headers=seat)
        assert (status, json.loads(body)["code"]) == (503, "unavailable")
        assert own.ask("GET", "/", headers={"Cookie": f"gengfu_{own.port}=x"})[0] == 503
        own.start_station()
        for _ in range(50):
            if own.ask("GET", "/healthz")[0] == 200:
                break
            time.sleep(0.1)
        assert own.ask("GET", "/healthz")[0] == 200
        stream.close()


def test_the_access_log_knows_what_year_it_is(house: GlassHouse) -> None:
    house.ask("GET", "/login")
    text = (house.state / "logs" / "panel-access.log").read_text()
    assert "/login" in text
    assert "1970" not in text
    assert re.search(r"20[2-9]\d-\d\d-\d\dT", text)


def test_a_port_in_use_is_one_sentence(house: GlassHouse) -> None:
    words = ["panel", "--settings", str(house.where / "station.toml"), "--port", str(PORT)]
    told = subprocess.run(
        [sys.executable, "-m", "station.cli", *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert told.returncode != 0
    assert re.search(r"port 28100 .* is in use", told.stderr), told.stderr


# ---- the end ------------------------------------------------------------------------------------------


def test_a_panel_ends_though_many_pages_wait_for_a_station_that_hangs(tmp_path: Path) -> None:
    with GlassHouse(tmp_path, PORT + 10) as house:
        seat = house.bearer()
        assert house.station is not None
        assert house.panel is not None
        house.station.send_signal(signal.SIGSTOP)
        try:
            lines = [http.client.HTTPConnection("127.0.0.1", house.port, timeout=10) for _ in range(40)]
            for line in lines:  # more than there are threads: some wait for one
                line.request("GET", "/api/v1/overview", headers=seat)
            time.sleep(0.5)
            house.panel.terminate()
            assert house.panel.wait(5) == 0
        finally:
            house.station.send_signal(signal.SIGCONT)
        for line in lines:
            line.close()
