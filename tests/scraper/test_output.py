"""What reaches a terminal or a pipe."""

import io
import json
import logging
import sys
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from archive.errors import (
    Ambiguous,
    ArchiveError,
    Damaged,
    Locked,
    NewerFormat,
    NotAnArchive,
    NotFound,
    ReadOnly,
    WriteFailed,
)
from archive.records import Capture
from scraper import output
from scraper.errors import ConfigError, ExtractError, FetchError, NotAnArticle, Refused, ScraperError, Unreadable
from scraper.output import Output, capture_object, code_of, counted, exit_code, safe, stdout_bytes

URL = "https://harbour-post.example/strike"


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([], 0),
        (["new", "revised", "unchanged", "copy"], 0),
        (["failed"], 1),
        (["gone", "blocked", "failed"], 1),
        (["not-article"], 4),
        (["refused", "refused"], 7),
        (["new", "failed"], 3),
        (["refused", "gone"], 3),
    ],
)
def test_links_that_came_to_the_same_end_by_the_same_code(outcomes, code):
    assert exit_code(outcomes) == code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FetchError(URL, "timeout", "no answer"), 1),
        (FetchError("nonsense", "url", "no URL"), 2),
        (Refused("ftp://a.example/", "scheme", "only http and https"), 2),
        (Refused(URL, "robots", "forbidden"), 7),
        (Refused(URL, "private-address", "no"), 7),
        (ExtractError(URL, "too-deep", "too deep"), 1),
        (NotAnArticle(URL, "pdf", "a PDF"), 4),
        (ConfigError("config.yaml:3", "unknown key"), 2),
        (Unreadable("list.opml", "not-opml", "no OPML"), 2),
        (Locked("/a", "held"), 6),
        (Damaged("/a", "torn"), 5),
        (NotFound("d00c5c", "nothing"), 2),
        (Ambiguous("d00c5c", ("000_a", "001_b")), 2),
        (NotAnArchive("/a", "none"), 2),
        (NewerFormat("/a", "newer"), 2),
        (ReadOnly("/a", "read-only"), 1),
        (WriteFailed("/a", "full"), 1),
    ],
)
def test_every_error_ends_a_verb_with_its_code(error: ScraperError | ArchiveError, code: int):
    assert code_of(error) == code


def test_a_remote_string_cannot_move_the_cursor_or_turn_the_line_round():
    assert safe("a\x1b[2Jb\x9bc\u202ed\u2066e\u200bf\x00\x7f") == "a[2Jbcdef"
    assert safe("one\r\ntwo\tthree") == "one  two three"


def test_letters_of_every_script_and_their_joiners_pass():
    text = "Ссылка · عربى · नमस्\u200dते · 東京 · می\u200cخواهم · e\u0301"
    assert safe(text) == text


def test_data_goes_to_stdout_and_narration_to_stderr(capsys):
    Output().line("kept")
    Output().object({"url": URL})
    Output().say("one moment")
    assert capsys.readouterr() == ("kept\n", "one moment\n")


def test_quiet_narrates_nothing(capsys):
    Output(quiet=True).line("kept")
    Output(quiet=True).say("one moment")
    assert capsys.readouterr() == ("kept\n", "")


def test_json_is_one_object_a_line_and_nothing_else(capsys):
    speaker = Output(json=True)
    speaker.line("kept")
    speaker.say("one moment")
    speaker.object({"headline": "Ж\n“ž”"})
    out, err = capsys.readouterr()
    assert out == '{"schema": 1, "headline": "Ж\\n“ž”"}\n'
    assert err == ""


def test_one_of_a_thing_is_no_plural():
    assert [counted(number, "text") for number in (0, 1, 2)] == ["0 texts", "1 text", "2 texts"]


def test_an_error_is_one_line_that_begins_with_our_name(capsys):
    assert Output(quiet=True).fail(FetchError(URL, "timeout", "no answer\x1b[2J within 5 s")) == 1
    assert capsys.readouterr() == ("", f"pressmark: {URL}: no answer[2J within 5 s\n")


def test_an_error_is_an_object_where_json_is_asked_for(capsys):
    assert Output(json=True).fail(Locked("/a", "held")) == 6
    out, err = capsys.readouterr()
    told = {"schema": 1, "error": "Locked", "subject": "/a", "reason": None, "message": "held", "exit": 6}
    assert (json.loads(out), err) == (told, "")


def test_an_error_as_an_object_says_in_a_word_why_a_page_is_no_article(capsys):
    assert Output(json=True).fail(NotAnArticle(URL, "front", "this is a front page")) == 4
    told = json.loads(capsys.readouterr().out)
    assert (told["error"], told["subject"], told["reason"], told["exit"]) == ("NotAnArticle", URL, "front", 4)


@pytest.mark.parametrize("as_json", [True, False])
def test_an_argument_that_is_no_utf_8_can_be_named_on_a_strict_terminal(monkeypatch, as_json):
    strict = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="strict")
    monkeypatch.setattr(sys, "stdout" if as_json else "stderr", strict)
    assert Output(json=as_json).fail(FetchError("http://\udcff/", "url", "this is no URL")) == 2
    strict.seek(0)
    assert "this is no URL" in strict.read()


def test_a_capture_is_shown_with_its_time_in_utc():
    capture = Capture(
        record_id="urn:uuid:c1", url=URL, captured_at=datetime(2026, 11, 20, 12, tzinfo=UTC), status=200,
        media_type="text/html", payload_digest="sha1:A", payload_sha256="a" * 64, payload_length=7, hop_from=None,
        revisit_of=None, truncated=None, etag=None, last_modified=None, warc="warc/a.warc.gz", offset=3, length=90,
    )  # fmt: skip
    shown = capture_object(capture)
    assert shown["captured_at"] == "2026-11-20T12:00:00Z"
    assert (shown["warc"], shown["offset"], shown["length"]) == ("warc/a.warc.gz", 3, 90)
    json.dumps(shown)


# Whatever a stranger wrote

HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
HOSTILE = "a\x1b]8;;http://x\x07\x1b[2J\x9b31m\u202e\u2066\u200b\ufeff\u2028\x7f\x00\U000e0041\ud800b\u00ad\u0600"


def hidden(said: str) -> set[str]:
    """What a terminal might obey, or nobody would see; line ends and tabs are neither, nor what joins letters."""
    return {each for each in said if unicodedata.category(each) in HIDDEN and each not in "\n\t\u200c\u200d"}


def spoken(text: str, capsys: pytest.CaptureFixture[str]) -> str:
    """All that is ever printed of a text, on a terminal too."""
    for speaker in (Output(), Output(json=True)):
        speaker.line(text)
        speaker.say(text)
        speaker.object({"headline": text, text: [text]})
        speaker.fail(FetchError(text, "url", text))
        speaker.fail(NotFound(text, text))
    out, err = capsys.readouterr()
    return out + err


@given(st.text())
@example(HOSTILE)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_that_is_printed_moves_the_cursor_turns_a_line_round_or_hides(capsys, text):
    assert hidden(spoken(text, capsys)) == set()


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example(HOSTILE.replace("\ud800", ""))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_json_says_all_of_it_all_the_same(capsys, text):
    Output(json=True).object({"headline": text})
    out = capsys.readouterr().out
    assert json.loads(out)["headline"] == text
    assert out.count("\n") == 1


def test_a_text_is_printed_byte_for_byte_and_on_a_terminal_harmless(monkeypatch, capsys):
    Output().text(HOSTILE.replace("\ud800", ""))
    assert capsys.readouterr().out == HOSTILE.replace("\ud800", "")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    Output().text(HOSTILE)
    stdout_bytes().write(HOSTILE.encode("utf-8", "replace"))
    assert hidden(capsys.readouterr().out) == set()


@pytest.mark.parametrize("guard", ["harmless", "_escaped"])
def test_without_what_makes_it_harmless_it_is_not(monkeypatch, capsys, guard):
    monkeypatch.setattr(f"scraper.output.{guard}", lambda text: text)
    assert hidden(spoken(HOSTILE.replace("\ud800", ""), capsys))


def test_what_libraries_log_and_what_nobody_caught_is_harmless_and_bare(capsys):
    secret = "http://me:c4n4ry@news.example/"
    record = logging.LogRecord("lib", logging.WARNING, "", 1, "%s %s", (HOSTILE, secret), None)
    said = output._Formatter("%(name)s: %(message)s").format(record)
    error = ValueError(f"{HOSTILE} {secret}")
    output._say_uncaught(ValueError, error, None)
    for each in (said, capsys.readouterr().err):
        assert (hidden(each), "c4n4ry" in each, "news.example" in each) == (set(), False, True)
