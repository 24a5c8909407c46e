"""Words of strangers on a screen and in a log: nothing in them moves the cursor, turns a line round or hides."""

import json
import os
import pty
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scraper.demo import Answer, Press, page
from tests.archive.foreign_files import packed
from tests.archive.foreign_files import response as foreign
from tests.scraper.test_output import hidden
from tests.whole.terminal import Ran, Terminal, run, surroundings
from tests.whole.test_secrets import run_here

# Clears the screen, writes to the clipboard, sets the title, reverses what follows, hides; of C1 what is one byte in
# Latin-1; a tag character; a line that only some see end.
EVIL = (
    "\x1b[2J\x1b]52;c;ZXZpbA==\x07\x9b2J\x9d0;x\x9c\u202eKO\u2066\u200b\ufeff\u00ad\u2028\u2029\U000e0041\x7f\x08\x85"
)
HOME = "http://evil.example"
STORY = f"{HOME}/2026/11/20/a-story-with-an-escape"


def site(press: Press) -> None:
    """A paper that puts it wherever one can put something."""
    told = "".join(f"<p>The {EVIL}harbour master went home by tram on day {n}{EVIL}.</p>" for n in range(9))
    facts = {
        "@type": "NewsArticle",
        "headline": f"Head{EVIL}line",
        "author": {"name": f"A{EVIL}B"},
        "datePublished": f"2026-11-20{EVIL}",
        "publisher": {"name": f"P{EVIL}Q"},
        "inLanguage": f"en{EVIL}",
    }
    meta = f'<link rel="canonical" href="{STORY}?{EVIL}"><meta name="author" content="C{EVIL}D">'
    head = f'<title>T{EVIL}</title>{meta}<script type="application/ld+json">{json.dumps(facts)}</script>'
    raw = f"<html><head>{head}</head><body><article><h1>Head{EVIL}line</h1>{told}</article></body></html>"
    etag = f"W/{EVIL}".encode().decode("latin-1").replace("\x85", "")
    press.add(STORY, page(raw, ("ETag", etag), ("X-Evil", etag)))
    press.add(f"{HOME}/to", Answer(status=302, headers=(("Location", f"http://{etag}.example/{etag}"),)))
    press.add(f"{HOME}/gone", Answer(status=404, reason=etag))
    press.add(f"{HOME}/coded", Answer(headers=(("Content-Encoding", f"{etag}"), ("Content-Type", etag)), body=b"x"))
    press.add(f"{HOME}/robots.txt", Answer(body=f"Sitemap: {HOME}/{EVIL}.xml\nUser-agent: {EVIL}\n".encode()))
    entry = {"url": f"{HOME}/2026/11/20/a-long-story-{EVIL}about-doors", "title": f"X{EVIL}"}
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": f"F{EVIL}", "items": [entry, {"url": STORY}]}
    press.add(
        f"{HOME}/feed", Answer(body=json.dumps(feed).encode(), headers=(("Content-Type", "application/feed+json"),))
    )
    press.add(f"{HOME}/broken", Answer(body=f"<?xml version='1.0'?><{EVIL}>".encode()))


@pytest.fixture(scope="module", params=[False, pytest.param(True, marks=pytest.mark.torture)], ids=["slice", "whole"])
def evil(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Terminal, list[Ran]]]:
    """Everything that was said about that paper; the slice begins fewer processes."""
    with Press() as press:
        site(press)
        terminal = Terminal(tmp_path_factory.mktemp("evil"), press)

        def soon(verb: str, *arguments: str) -> Ran:
            return terminal(verb, *arguments) if request.param else run_here(terminal.command(verb, *arguments))

        terminal.watch({"name": "Evil", "feeds": [f"{HOME}/feed", f"{HOME}/broken"]}, {"home": f"{HOME}/"})
        said = [
            terminal("fetch", "-v"),
            terminal("fetch", "--json", STORY, f"{HOME}/to", f"{HOME}/gone", f"{HOME}/coded"),
        ]
        said += [soon("fetch", f"{HOME}/to"), soon("fetch", f"http://evil.example/{EVIL}".replace("\x85", ""))]
        name = terminal.folder / f"theirs-{EVIL}.warc".replace("\x00", "")
        name.write_bytes(
            packed([foreign(b"x", url=f"http://a.example/{EVIL}", headers=f"X: {EVIL}\r\n"), foreign(b"<p>x")])
        )
        said += [terminal("import", str(name)), soon("import", "--json", str(name), f"no-such-{EVIL}")]
        said += [soon(verb, *more) for verb in ("list", "sources") for more in ([], ["--json"])]
        said += [soon("show", STORY), soon("show", "--json", STORY), soon("show", EVIL), soon("verify")]
        said += [soon("explain", STORY), soon("explain", "--json", STORY), soon("explain", EVIL)]
        said += [soon("clean", str(name), "--site", EVIL), soon("explain", STORY, "--as-test", str(name))]
        said += [soon("show", STORY, "--format", "md"), soon("show", STORY, "--format", EVIL)]
        said += [soon("export", "--format", EVIL), soon("list", "--site", EVIL), soon("config", "show")]
        with terminal.running("daemon", "-v", "-C", str(terminal.folder / "watched")) as daemon:
            daemon.until(lambda log: sum(line["event"] == "visit" for line in log) >= 2)
            assert daemon.send(signal.SIGTERM) == 0
        yield terminal, [*said, Ran(0, "", "".join(daemon.lines))]


def test_no_verb_and_no_log_says_anything_that_a_terminal_would_obey(evil: tuple[Terminal, list[Ran]]):
    _, said = evil
    assert [hidden(ran.out + ran.err) for ran in said] == [set()] * len(said)


def test_and_yet_it_was_all_said(evil: tuple[Terminal, list[Ran]]):
    """Else nothing would be shown by finding none."""
    terminal, said = evil
    assert sum("evil.example" in ran.out + ran.err for ran in said) >= 8
    assert any("Head" in ran.out and "KO" in ran.out for ran in said)
    kept = b"".join(path.read_bytes() for path in terminal.folder.rglob("*.jsonl"))
    assert b"Traceback" not in kept + "".join(ran.err for ran in said).encode()


def _on_a_terminal(command: list[str], folder: Path) -> bytes:
    """What a command writes to a terminal."""
    ours, theirs = pty.openpty()
    said = bytearray()

    def listen() -> None:
        try:
            while piece := os.read(ours, 65_536):
                said.extend(piece)
        except OSError:  # Linux's word for the other end being closed
            return

    listener = threading.Thread(target=listen)
    listener.start()
    subprocess.run(command, cwd=folder, env=surroundings(folder), stdout=theirs, stderr=theirs, timeout=90, check=False)
    os.close(theirs)
    listener.join()
    os.close(ours)
    return bytes(said)


def test_nor_does_an_export_or_a_text_on_a_terminal(evil: tuple[Terminal, list[Ran]]):
    terminal, _ = evil
    for words in (["export", "--format", "jsonl"], ["show", STORY], ["show", "--warc", "-o", "-", STORY],
                  ["explain", "--no-color", STORY]):  # fmt: skip
        said = _on_a_terminal(terminal.command(*words), terminal.folder).decode().replace("\r\n", "\n")
        assert said
        assert hidden(said) == set()


def test_an_explanation_on_a_terminal_has_our_colours_and_nothing_of_the_pages(evil: tuple[Terminal, list[Ran]]):
    terminal, _ = evil
    said = _on_a_terminal(terminal.command("explain", STORY), terminal.folder).decode().replace("\r\n", "\n")
    assert "\x1b[32m+ The" in said
    assert hidden(re.sub(r"\x1b\[[0-9;]*m", "", said)) == set()


def test_an_export_into_a_pipe_stays_what_it_is(evil: tuple[Terminal, list[Ran]]):
    terminal, _ = evil
    ran = run(terminal.command("export", "--format", "jsonl"), terminal.folder)
    assert any(json.loads(line)["url"].startswith(HOME) for line in ran.out.splitlines())
