"""What the panel checks before it passes anything on."""

from __future__ import annotations

import secrets

from hypothesis import given
from hypothesis import strategies as st

from web.guard import (
    Limiter,
    LogIns,
    accepted_language,
    allowed,
    by_tls,
    csrf_of,
    host_of,
    is_token,
    origin_fits,
    same,
    way_back,
)

HOSTS = frozenset({"localhost", "panel.county"})


def test_a_forgery_token_belongs_to_one_session() -> None:
    assert csrf_of("a") == csrf_of("a")
    assert csrf_of("a") != csrf_of("b")
    assert len(csrf_of("a")) == 64


def test_two_empty_secrets_never_agree() -> None:
    assert not same("", "")
    assert same("x", "x")
    assert not same("x", "y")


def test_a_host_is_read_without_its_port() -> None:
    assert host_of("Panel.County:8600") == "panel.county"
    assert host_of("[::1]:8600") == "::1"
    assert host_of("[::1]") == "::1"
    assert host_of("[::1") == ""
    assert host_of("[::1]evil") == ""
    assert host_of("name:80:90") == ""
    assert host_of("name") == "name"


def test_only_our_names_and_literal_addresses_are_hosts() -> None:
    assert allowed("localhost:8600", HOSTS)
    assert allowed("192.0.2.7", HOSTS)
    assert allowed("[::1]:1", HOSTS)
    assert not allowed("evil.example", HOSTS)
    assert not allowed("", HOSTS)


def test_a_post_from_another_page_does_not_fit() -> None:
    assert origin_fits(None, "localhost:1")
    assert origin_fits("http://localhost:1", "localhost:1")
    assert origin_fits("https://Panel.Example.org", "panel.example.org"), "a TLS proxy before the panel"
    for origin in ("http://localhost:2", "https://localhost", "ftp://localhost:1", "null", "", "localhost:1"):
        assert not origin_fits(origin, "localhost:1")


def test_only_a_page_that_came_by_tls_says_so() -> None:
    assert by_tls("https://panel.example.org") and by_tls("HTTPS://x")
    assert not any(map(by_tls, (None, "null", "", "http://localhost", "httpsx://localhost")))


def test_a_log_in_leads_to_pages_of_ours_alone() -> None:
    for ours in ("/", "/alerts/a?b=1", "/rundown?day=2026-11-22"):
        assert way_back(ours) == ours
    for other in (
        "",
        "alerts",
        "//evil",
        "/\\evil",
        "https://evil",
        "/a\nb",
        "/login?to=/",
        "/api/v1/me",
        "/" + "a" * 1_000,
    ):
        assert way_back(other) == "/"


def test_a_token_of_the_log_in_form_is_known_by_its_form() -> None:
    assert is_token(secrets.token_urlsafe(24)) and is_token("a_-9" * 8)
    for other in ("", "a" * 31, "a" * 33, "a" * 31 + '"', "é" * 32):
        assert not is_token(other)


def test_the_language_is_the_first_we_speak() -> None:
    assert accepted_language("fr-FR, en;q=0.8, zh", "zh") == "en"
    assert accepted_language("zh-TW", "en") == "zh"
    assert accepted_language("fr", "zh") == "zh"


def test_the_eleventh_failure_within_a_minute_waits() -> None:
    limiter = Limiter(most=3, window_s=60)
    for second in range(3):
        assert limiter.wait("a", second) == 0
        limiter.failed("a", second)
    assert limiter.wait("a", 3) == 57
    assert limiter.wait("b", 3) == 0
    assert limiter.wait("a", 60) == 0


def test_a_log_in_forgets_the_failures() -> None:
    limiter = Limiter(most=1)
    limiter.failed("a", 0)
    assert limiter.wait("a", 1) > 0
    limiter.passed("a")
    assert limiter.wait("a", 1) == 0
    limiter.passed("never seen")


def test_a_flood_of_addresses_is_bounded() -> None:
    limiter = Limiter(most=1, keep=10)
    for number in range(100):
        limiter.failed(str(number), 0)
    assert sum(limiter.wait(str(number), 1) > 0 for number in range(100)) == 10


def test_wrong_passwords_of_one_keep_nobody_else_of_the_house_out() -> None:
    log_ins = LogIns(most=3, of_the_house=8)
    for _ in range(3):
        log_ins.failed("proxy", "sun", 0)
    assert log_ins.wait("proxy", "sun", 1) == 59 and log_ins.wait("proxy", "zhao", 1) == 0
    log_ins.passed("proxy", "zhao")
    assert log_ins.wait("proxy", "sun", 1) == 59
    log_ins.passed("proxy", "sun")
    assert log_ins.wait("proxy", "sun", 1) == 0


def test_whoever_tries_one_name_after_the_other_waits_too() -> None:
    log_ins = LogIns(most=3, of_the_house=8)
    for number in range(8):
        log_ins.failed("proxy", f"name{number}", 0)
    assert log_ins.wait("proxy", "zhao", 1) == 59 and log_ins.wait("elsewhere", "zhao", 1) == 0


@given(st.text(max_size=40))
def test_no_host_header_brings_it_down(header: str) -> None:
    assert allowed(header, HOSTS) in (True, False)
