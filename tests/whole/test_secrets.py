"""Credentials, planted wherever one may come from, are found nowhere: on no disk, on no screen.

The whole command is run, its mistakes too; then every file it wrote and all it said is searched, in many forms. What a
site printed into a page or feed is its own publication and is kept exact: those canaries may stand in the payload of
that very response, and nowhere else.
"""

import io
import json
import os
import signal
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import pytest

from archive.errors import ArchiveError
from scraper.cli import app
from scraper.demo import Answer, Asked, Press, page
from scraper.errors import ScraperError
from scraper.output import Output
from tests.archive.canaries import is_in
from tests.archive.foreign_files import packed, record
from tests.archive.foreign_files import response as foreign
from tests.whole.terminal import PRESSMARK, Ran, Terminal

HOST = "vault.example"
HOME = f"http://{HOST}"
STORY = f"{HOME}/2026/11/20/the-safe-was-open-all-night"
MOVED = f"{HOME}/2026/11/19/a-story-that-has-moved-on"

# Where each is planted. Ours: what an operator writes, or what a server hands out in a head.
OURS = {
    "cookie": "Set-Cookie of an article",
    "cookie-304": "Set-Cookie of a 304",
    "cookie-1xx": "Set-Cookie of an interim response, on bare line feeds",
    "location": "userinfo in Location",
    "link-header": "userinfo in a Link header",
    "refresh": "userinfo in a Refresh header",
    "token-header": "X-Auth-Token of a response",
    "typed": "userinfo on the command line",
    "stdin": "userinfo on stdin",
    "typed-wrong": "userinfo in what is no URL",
    "typed-bare": "user:password@host without a scheme",
    "typed-token": "a token typed on the command line",
    "config": "userinfo in sources.list",
    "config-token": "a token in sources.list",
    "contact": "userinfo in the contact",
    "seeds": "userinfo in a seed file",
    "add": "userinfo given to `add`",
    "add-token": "a token given to `add`",
    "opml": "a token in an OPML file",
    "opml-user": "userinfo in an OPML file",
    "catalog": "a password in archive.catalog",
    "pgpassword": "PGPASSWORD, the server out of reach",
    "stamps": "userinfo in archive.stamps",
    "proxy": "PRESSMARK_PROXY_PASSWORD, the proxy out of reach",
    "http-proxy": "a password in HTTP_PROXY",
    "environment": "a token named by network.secrets: sent, and echoed in a head",
    "import-cookie": "Set-Cookie in an imported file",
    "import-request": "Authorization and Cookie in an imported file",
}
# Theirs: what a site printed; kept in that payload, used and shown without it.
THEIRS = {
    "feed": "userinfo of a link in a feed",
    "sitemap": "userinfo of an entry in a sitemap",
    "robots": "userinfo in a Sitemap line of robots.txt",
    "canonical": "userinfo of a canonical link",
    "front": "userinfo of an anchor on a front page",
    "autodiscovery": "userinfo of a feed that a page declares",
    "image": "userinfo of a lead image, in its caption, and of the link to a source",
    "echo": "a token named by network.secrets, echoed in links of the feed that was asked with it, and of its pages",
}


def canary(place: str) -> str:
    return f"c4n4ry{zlib.crc32(place.encode()):08x}{place.replace('-', '')}"


def told(headline: str, **more: str) -> str:
    told = "".join(f"<p>{headline}, said the locksmith on the {n}th day, and went home by tram.</p>" for n in range(9))
    body = f"<article><h1>{headline}</h1>{told}{more.get('tail', '')}</article>"
    return f"<html><head><title>{headline}</title>{more.get('head', '')}</head><body>{body}</body></html>"


def pictured(image: str) -> str:
    """A lead image, in each way that a head has of naming one, and its caption."""
    named = {"@type": "NewsArticle", "image": {"@type": "ImageObject", "url": image, "caption": f"From {image}"}}
    meta = f'<meta property="og:image" content="{image}"><meta property="og:image:alt" content="From {image}">'
    return f'{meta}<script type="application/ld+json">{json.dumps(named)}</script>'


def sourced(url: str) -> str:
    """A link to whom a story was taken from."""
    return f'<p><a href="{url}">Source link</a></p>'


def feed(*links: str) -> Answer:
    entries = "".join(f"<item><link>{link.replace('&', '&amp;')}</link></item>" for link in links)
    return Answer(body=f'<?xml version="1.0"?><rss version="2.0"><channel>{entries}</channel></rss>'.encode())


def with_user(place: str, url: str) -> str:
    """The URL with a password in it."""
    return url.replace("://", f"://me:{canary(place)}@")


def site(press: Press) -> None:
    """A site that has a secret in every place where a site may have one."""
    robots = f"Sitemap: {with_user('robots', HOME)}/news.xml"
    press.add(f"{HOME}/robots.txt", Answer(body=robots.encode()))
    heads = [
        ("Set-Cookie", f"sid={canary('cookie')}; Path=/; HttpOnly"),
        ("Link", f'<{with_user("link-header", HOME)}/next>; rel="next"'),
        ("Refresh", f"9; url={with_user('refresh', HOME)}/"),
        ("X-Auth-Token", canary("token-header")),
        ("ETag", '"1"'),
    ]

    def story(asked: Asked) -> Answer:
        if asked.headers.get("if-none-match"):
            return Answer(status=304, headers=(("ETag", '"1"'), ("Set-Cookie", f"sid={canary('cookie-304')}")))
        canonical = f'<link rel="canonical" href="{with_user("canonical", STORY)}">'
        head = canonical + pictured(with_user("image", f"{HOME}/safe.jpg"))
        return page(told("The safe was open all night", head=head, tail=sourced(with_user("image", HOME))), *heads)

    press.add(STORY, story)
    press.add(MOVED, Answer(status=301, headers=(("Location", with_user("location", STORY)),)))
    interim = f"HTTP/1.1 103 Early Hints\r\nSet-Cookie: a={canary('cookie-1xx')}\r\n\r\n"
    final = f"HTTP/1.1 200 OK\nSet-Cookie: a={canary('cookie-1xx')}\nContent-Type: text/html\n\n"
    press.add(f"{HOME}/early", Answer(head=(interim + final).encode(), body=told("A story came early").encode()))
    found = {name: f"{HOME}/2026/11/20/a-story-found-in-the-{name}" for name in ("feed", "sitemap", "front", "echo")}
    for name, url in found.items():
        press.add(url, page(told(f"A story found in the {name}")))
    locs = f"<url><loc>{with_user('sitemap', found['sitemap'])}</loc></url>"
    urlset = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{locs}</urlset>'
    press.add(f"{HOME}/news.xml", Answer(body=urlset.encode(), headers=(("Content-Type", "application/xml"),)))
    press.add(f"{HOME}/feed", feed(with_user("feed", found["feed"])))
    declared = f'<link rel="alternate" type="application/rss+xml" href="{with_user("autodiscovery", HOME)}/feed">'
    anchor = f'<h2><a href="{with_user("front", found["front"])}">A story found in the front page of today</a></h2>'
    press.add(f"{HOME}/", page(f"<html><head>{declared}</head><body>{anchor}</body></html>"))
    _private(press)


def _private(press: Press) -> None:
    """A feed for subscribers: /mine?token=… moves to /mine/?token=…, and its links hold the token, too."""
    token = canary("environment")
    seen = f"{HOME}/2026/11/20/a-story-found-in-the-echo"

    def to(asked: Asked) -> Answer:
        return Answer(status=302, headers=(("Location", f"/mine/?{asked.query}"), ("X-Asked", asked.target)))

    press.add(f"{HOME}/mine?token={token}", to)
    press.add(f"{HOME}/mine/?token={token}", feed(f"{seen}?token={token}"))
    head, tail = pictured(f"{HOME}/echo.jpg?token={token}"), sourced(f"{HOME}/wire?token={token}")
    press.add(f"{seen}?token={token}", page(told("A story found in the echo", head=head, tail=tail)))


def run_here(command: Sequence[str], **environ: str) -> Ran:
    """What a command comes to in this process, which spares the second that a new one takes to begin."""
    words = list(command[len(PRESSMARK) :])
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", "surrogateescape", write_through=True) for _ in range(2))
    with patch.dict(os.environ, environ), redirect_stdout(out), redirect_stderr(err):
        try:
            code = app(words, prog_name="pressmark", standalone_mode=False)
        except (ScraperError, ArchiveError) as error:
            code = Output(json="--json" in words).fail(error)
    return Ran(code or 0, *(said.buffer.getvalue().decode("utf-8", "surrogateescape") for said in (out, err)))


@dataclass
class Run:
    """What was asked, said and written."""

    terminal: Terminal
    thorough: bool
    ran: dict[str, Ran] = field(default_factory=dict)
    errors: str = ""

    def __call__(self, name: str, verb: str, *arguments: str, stdin: str = "", **environ: str) -> Ran:
        environ = {"NEWS_TOKEN": canary("environment"), **environ}
        before = ["env", *(f"{variable}={value}" for variable, value in environ.items())]
        self.ran[name] = self.terminal(verb, *arguments, stdin=stdin, before=before)
        return self.ran[name]

    def soon(self, name: str, verb: str, *arguments: str, **environ: str) -> Ran:
        """As a call, of what ends soon; the slice runs it in this process, to be done in seconds."""
        if self.thorough:
            return self(name, verb, *arguments, **environ)
        environ = {"NEWS_TOKEN": canary("environment"), **environ}
        self.ran[name] = run_here(self.terminal.command(verb, *arguments), **environ)
        return self.ran[name]

    @property
    def screen(self) -> str:
        """All that was ever said."""
        return self.errors + "".join(ran.out + ran.err for ran in self.ran.values())

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Every file that was written, and each file in a zip, but for what the operator wrote himself."""
        for path in sorted(self.terminal.folder.rglob("*")):
            if path.is_file() and "operator" not in path.parts:
                yield str(path), path.read_bytes()
                if zipfile.is_zipfile(path):
                    with zipfile.ZipFile(path) as packed_files:
                        yield from ((name, packed_files.read(name)) for name in packed_files.namelist())

    def without_payloads(self) -> Iterator[tuple[str, bytes]]:
        """The same, of the WARC files (also those in proofs and packages) only what is no payload of a response."""
        for name, raw in self.files():
            if name.endswith(".gz") or ".warc.gz" in name:
                yield from ((name, block) for block in _beside_payloads(raw))
            elif not name.endswith((".wacz", ".zip")):
                yield name, raw


def _beside_payloads(raw: bytes) -> Iterator[bytes]:
    """Heads, and whole records that are no response, of every gzip member there is."""
    at = 0
    while (at := raw.find(b"\x1f\x8b\x08", at)) >= 0:
        inflate = zlib.decompressobj(31)
        try:
            plain = inflate.decompress(raw[at:])
        except zlib.error:
            plain = b""
        record_head, _, block = plain.partition(b"\r\n\r\n")
        yield record_head
        is_response = b"WARC-Type: response" in record_head
        yield block.partition(b"\r\n\r\n")[0] if is_response else block
        at += len(raw) - at - len(inflate.unused_data) if inflate.eof else 3


def _operator(folder: Path, name: str, text: str) -> str:
    """A file that the operator wrote, secrets and all."""
    path = folder / "operator" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return str(path)


def _settings(folder: Path, name: str, **sections: object) -> str:
    return _operator(folder, name, json.dumps({"contact": "desk@example.org", **sections}))


def _go_well(run: Run) -> None:
    """What works: a pass over sources of every kind, single links, and everything that reads or writes afterwards."""
    feeds = [f"{HOME}/feed", f"{HOME}/mine?token=${{NEWS_TOKEN}}"]
    source = {"home": f"{HOME}/", "feeds": feeds, "sitemaps": [f"{HOME}/news.xml"], "fronts": [f"{HOME}/"]}
    sources = {"list": [source, {"home": f"{HOME}/"}], "max_age": None}
    run.terminal.settings(sources=sources, network={"secrets": [f"{HOME} NEWS_TOKEN"]}, daemon={"heartbeat": 1})
    assert run("pass", "fetch", "-v").code in (0, 3)
    assert run("link", "fetch", "--json", with_user("typed", STORY)).code == 0
    assert run.soon("again", "fetch", "-v", STORY).code == 0
    assert run("stdin", "fetch", "-", stdin=f"{with_user('stdin', MOVED)}\n{HOME}/early\n").code == 0
    out = run.terminal.folder
    head = f"Content-Type: text/html\r\nSet-Cookie: a={canary('import-cookie')}\r\n"
    asked = f"GET / HTTP/1.1\r\nAuthorization: Basic {canary('import-request')}\r\n"
    asked += f"Cookie: {canary('import-request')}\r\n\r\n"
    beside = record("request", asked.encode(), WARC_Target_URI=STORY, WARC_Concurrent_To="<urn:uuid:x>")
    warc = out / "operator" / "theirs.warc.gz"
    warc.parent.mkdir(exist_ok=True)
    warc.write_bytes(packed([foreign(told("An old safe").encode(), headers=head), beside]))
    assert run.soon("import", "import", str(warc)).code == 0
    formats = ("jsonl", "csv", "parquet", "markdown", "cdxj", "wacz") if run.thorough else ("jsonl", "wacz")
    for name in formats:
        assert run.soon(name, "export", "--format", name, "-o", str(out / f"all.{name}")).code == 0
    run.soon("prove", "prove", STORY, "-o", str(out / "one.proof.zip"))
    run.soon("snapshot", "show", STORY, "--warc", "-o", str(out / "one.warc.gz"))
    for verb in ("list", "sources", "status", "verify") if run.thorough else ():
        assert run(verb, verb).code == 0
        assert run(f"{verb} as JSON", verb, "--json").code == 0
    run.soon("show", "show", "--json", STORY)
    run.soon("config", "config", "show")
    if run.thorough:
        run("reread", "rebuild", "--reextract")
        assert run("rebuild", "rebuild").code == 0


def _go_wrong(run: Run) -> None:
    """What is refused or fails, and says why."""
    out = run.terminal.folder
    for typed in (
        f"ftp://me:{canary('typed-wrong')}@{HOST}/", f"http://me:{canary('typed-wrong')}@{HOST}:99999/",
        f"http://me:{canary('typed-wrong')} x@{HOST}/", f"me:{canary('typed-bare')}@{HOST}/",
        f"{STORY}?token={canary('typed-token')}", f"{HOST}/?sid={canary('typed-token')}&a=b",
    ):  # fmt: skip
        assert run.soon(f"wrong {typed}", "fetch", typed).code == 2
        assert (
            run.soon(
                f"wrong as JSON {typed}", "fetch", "--json", typed, f"http://me:{canary('typed-wrong')} y@{HOST}/"
            ).code
            == 2
        )
    wrong: dict[str, dict[str, object]] = {
        "config": {"sources": {"list": [{"home": with_user("config", HOME)}]}},
        "config-long": {"sources": {"list": [{"home": f"ftp://{'u' * 50}:{canary('config')}@{HOST}"}]}},
        "config-shape": {"sources": {"list": f"https://{'u' * 30}:{canary('config')}@{HOST}/{'x' * 50}"}},
        "config-key": {"sources": {with_user("config", HOME): 1}},
        "config-token": {"sources": {"list": [{"feeds": [f"{HOME}/feed?token={canary('config-token')}"]}]}},
        "contact": {"contact": with_user("contact", HOME)},
        "contact-token": {"contact": f"{HOME}/?token={canary('contact')}"},
        "catalog": {"archive": {"catalog": f"postgresql+psycopg://me:{canary('catalog')}/x@{HOST}/db"}},
        "catalog-query": {"archive": {"catalog": f"postgresql+psycopg://me@{HOST}/db?password={canary('catalog')}"}},
        "stamps": {"archive": {"stamps": [f"tsa rfc3161 {with_user('stamps', HOME)}"]}},
        "stamps-token": {"archive": {"stamps": [f"tsa rfc3161 {HOME}?api_key={canary('stamps')}"]}},
        "proxy": {"network": {"proxy": with_user("proxy", "http://127.0.0.1:1")}},
        "no-name": {"sources": {"list": [{"feeds": [f"{HOME}/feed?token=${{NO_SUCH_TOKEN}}"]}]}},
        "secret-itself": {"network": {"secrets": [f"{HOME} {canary('environment')}"]}},
    }
    for name, sections in wrong.items():
        path = _settings(out, f"{name}.yaml", **sections)
        assert run.soon(f"fetch {name}", "fetch", "-c", path).code == 2, name
        assert run.soon(f"validate {name}", "config", "validate", "--json", "-c", path).code == 2, name
    _operator(out, "seeds/mine.yaml", f"- home: {with_user('seeds', HOME)}\n")
    path = _settings(out, "seeded.yaml", sources={"on": ["mine"], "seeds": str(out / "operator" / "seeds")})
    assert run.soon("seeds", "fetch", "-c", path).code == 2
    run.terminal.settings(sources={"seeds": str(out / "seeds")})
    assert run.soon("add", "add", with_user("add", f"{HOME}/")).code == 0
    assert run.soon("add a token", "add", f"{HOME}/?token={canary('add-token')}").code == 2
    outlines = (
        f'<outline xmlUrl="{HOME}/a?token={canary("opml")}"/><outline xmlUrl="{with_user("opml-user", HOME)}/b"/>'
    )
    opml = _operator(out, "list.opml", f'<opml version="2.0"><body>{outlines}</body></opml>')
    assert run.soon("opml", "add", "-v", opml).code == 2
    path = _settings(out, "pg.yaml", archive={"catalog": "postgresql+psycopg://me@127.0.0.1:1/db"})
    for verb in ("list", "status", "fetch"):
        ran = run.soon(f"pg {verb}", verb, "-c", path, *([STORY] * (verb == "fetch")), PGPASSWORD=canary("pgpassword"))
        assert ran.code in (1, 2)
    path = _settings(out, "proxy-out.yaml", network={"proxy": "http://127.0.0.1:1"})
    login = {"PRESSMARK_PROXY_USER": "me", "PRESSMARK_PROXY_PASSWORD": canary("proxy")}
    assert run.soon("proxy", "fetch", "-v", "-c", path, "http://1.1.1.1/", **login).code == 1
    proxies = {name: f"http://me:{canary('http-proxy')}@127.0.0.1:1" for name in ("HTTP_PROXY", "http_proxy")}
    assert run.soon("HTTP_PROXY", "fetch", "-v", STORY, **proxies).code == 0


def _watch(run: Run) -> None:
    """The daemon, until it has polled everything."""
    sources = {"list": [{"feeds": [f"{HOME}/feed"], "home": f"{HOME}/"}], "max_age": None}
    run.terminal.settings(sources=sources, daemon={"heartbeat": 1})
    with run.terminal.running("daemon", "-v", "-C", str(run.terminal.folder / "watched")) as daemon:
        daemon.until(lambda log: sum(line["event"] == "visit" for line in log) >= 2)
        assert daemon.send(signal.SIGTERM) == 0
    run.errors += "".join(daemon.lines)


@pytest.fixture(scope="module", params=[False, pytest.param(True, marks=pytest.mark.torture)], ids=["slice", "whole"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Everything that was run; the slice leaves out the daemon and a part of the verbs, and begins fewer processes."""
    with Press() as press:
        site(press)
        run = Run(Terminal(tmp_path_factory.mktemp("secrets"), press), request.param)
        _go_well(run)
        if run.thorough:
            _watch(run)
        _go_wrong(run)
        yield run


@pytest.mark.parametrize("place", [*OURS, *THEIRS])
def test_a_secret_is_found_on_no_screen(whole: Run, place: str):
    assert not is_in(whole.screen.encode(), canary(place)), [
        (name, ran) for name, ran in whole.ran.items() if canary(place) in ran.out + ran.err
    ]


@pytest.mark.parametrize("place", [place for place in OURS if place != "environment"])
def test_a_secret_is_found_in_no_file(whole: Run, place: str):
    assert [name for name, raw in whole.files() if is_in(raw, canary(place))] == []


@pytest.mark.parametrize("place", [*THEIRS, "environment"])
def test_what_a_site_printed_itself_is_in_no_file_but_in_the_payload_it_was_printed_in(whole: Run, place: str):
    assert [name for name, raw in whole.without_payloads() if is_in(raw, canary(place))] == []


def test_every_secret_of_a_site_was_sent_to_us_and_the_named_one_was_sent_by_us(whole: Run):
    """Else nothing would be shown by finding none."""
    asked = [seen.path for seen in whole.terminal.press.requests]
    assert f"/mine/?token={canary('environment')}" in asked
    assert f"/2026/11/20/a-story-found-in-the-echo?token={canary('environment')}" in asked
    kept = b"".join(raw for name, raw in whole.files() if ".warc.gz" in name)
    assert {place for place in THEIRS if is_in(kept, canary("environment" if place == "echo" else place))} == set(
        THEIRS
    )


def test_what_was_masked_can_be_read_and_is_sound(whole: Run):
    assert whole.terminal.damages() == []
    heads = b"".join(plain for name, raw in whole.files() if ".warc.gz" in name for plain in _beside_payloads(raw))
    for kept in (b"Set-Cookie: sid=masked-by-pressmark; Path=/; HttpOnly\r\n", b"X-Auth-Token: masked-by-pressmark\r\n",
                 f"Location: {STORY}\r\n".encode(), b"GET /mine/?token=$%7BNEWS_TOKEN%7D HTTP/1.1",
                 b"WARC-Target-URI: " + HOME.encode() + b"/mine?token=$%7BNEWS_TOKEN%7D\r\n"):  # fmt: skip
        assert kept in heads
