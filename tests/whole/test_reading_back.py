"""What was kept is found, shown, listed, counted and checked; and given away as a WARC file of its own."""

import gzip
import hashlib
import json
import sys
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from archive.records import Facts
from scraper.demo import ARTICLES, SOURCES, Answer, Press, page
from tests.whole.conftest import LIGHTHOUSE, Editions
from tests.whole.terminal import Terminal, run

TUNNEL, GRAIN = (
    next(story for story in ARTICLES if story.name == name) for name in ("harbour-tunnel", "grain-quota")
)  # fmt: skip
TOOLS = Path(sys.executable).parent
SENTENCES = " ".join(["The harbour office says that the quay will stay closed until the crane has been inspected."] * 4)
PARAGRAPHS = [f"{number}. {SENTENCES}" for number in ("One", "Two", "Three", "Four")]
QUAY = "http://old-quay.example/berths"
TWINS = (848, 8442)  # berths whose texts have hashes that begin alike: 080439


@pytest.fixture
def kept(editions: Editions) -> Terminal:
    """Three editions; to be read only."""
    return editions.terminal


def berth(number: int) -> tuple[Answer, str]:
    """A page, and its clean text."""
    headline = f"Berth {number} stays closed"
    blocks = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    body = f"<article><h1>{headline}</h1>{blocks}</article>"
    return page(f"<html><head><title>{headline}</title></head><body>{body}</body></html>"), "\n\n".join(
        [headline, *PARAGRAPHS]
    ) + "\n"


def reserving(answer: Answer, *lines: str) -> Answer:
    """The page with these fields in its head."""
    fields = tuple((name, value) for name, _, value in (line.partition(": ") for line in lines))
    return replace(answer, headers=(*answer.headers, *fields))


def pressmark_of(terminal: Terminal, url: str) -> str:
    """The pressmark of an article's latest text."""
    with terminal.reading() as archive, archive.reading() as reading:
        latest = reading.latest(url)
    assert latest is not None
    return latest.pressmark


class TestAnId:
    @pytest.mark.parametrize("form", ["{}.txt", "{digits}", "{six}", "{url}?utm_source=newsletter"])
    def test_is_a_pressmark_its_digits_six_of_them_or_a_url(self, kept: Terminal, form: str):
        whole = pressmark_of(kept, TUNNEL.url)
        digits = whole.partition("_")[2]
        ran = kept("show", form.format(whole, digits=digits.upper(), six=digits[:6], url=TUNNEL.url))
        assert (ran.code, ran.out) == (0, TUNNEL.at(3).text)

    @pytest.mark.parametrize("record", ["record_id", "capture"])
    def test_is_the_record_of_a_text_or_of_its_capture(self, kept: Terminal, record: str):
        with kept.reading() as archive, archive.reading() as reading:
            latest = reading.latest(TUNNEL.url)
        assert kept("show", f"<{getattr(latest, record)}>").out == TUNNEL.at(3).text

    @pytest.mark.parametrize("edition", [1, 2])
    def test_with_a_number_behind_it_is_an_earlier_text(self, kept: Terminal, edition: int):
        assert kept("show", f"{TUNNEL.url}@{edition}").out == TUNNEL.at(edition).text

    def test_with_a_day_behind_it_is_what_stood_at_its_end(self, kept: Terminal):
        with kept.reading() as archive, archive.reading() as reading:
            latest = reading.latest(TUNNEL.url)
        assert latest is not None
        assert kept("show", f"{TUNNEL.url}@{latest.captured_at:%Y-%m-%d}").out == TUNNEL.at(3).text

    @pytest.mark.parametrize("wanted", ["0123456789abcdef", "http://nobody.example/", f"{TUNNEL.url}@9"])
    def test_that_nothing_answers_to_is_said(self, kept: Terminal, wanted: str):
        ran = kept("show", wanted)
        assert ran.code == 2
        assert wanted in ran.refusal

    def test_that_several_texts_answer_to_names_them(self, pressmark: Terminal, press: Press):
        names = []
        for number in TWINS:
            answer, text = berth(number)
            press.add(f"http://harbour-office.example/berth-{number}-stays-closed", answer)
            names.append(hashlib.sha256(text.encode()).hexdigest()[:16])
        urls = [f"http://harbour-office.example/berth-{number}-stays-closed" for number in TWINS]
        assert pressmark("fetch", *urls).code == 0
        ran = pressmark("show", "080439")
        assert ran.code == 2
        assert all(name in ran.refusal for name in names)
        assert pressmark("show", names[1]).out == berth(TWINS[1])[1]


class TestShow:
    def test_prints_the_text_and_says_where_it_came_from(self, kept: Terminal):
        ran = kept("show", GRAIN.url)
        assert ran.out == GRAIN.text
        assert hashlib.sha256(GRAIN.text.encode()).hexdigest() in ran.err
        assert all(author in ran.err for author in GRAIN.authors)

    def test_tells_text_and_facts_in_json(self, kept: Terminal):
        told = kept("show", GRAIN.url, "--json").told
        assert (told["text"], told["headline"]) == (GRAIN.text, GRAIN.headline)
        assert (told["authors"], told["published"]) == (list(GRAIN.authors), GRAIN.published)
        assert told["sha256"] == hashlib.sha256(GRAIN.text.encode()).hexdigest()

    def test_gives_the_records_of_a_text_as_a_warc_file_of_its_own(self, kept: Terminal, tmp_path: Path):
        own = tmp_path / f"{pressmark_of(kept, GRAIN.url)}.warc.gz"
        ran = kept("show", GRAIN.url, "--warc", "-o", str(own))
        assert (ran.code, ran.out) == (0, f"{own}\n")
        for judge in (["gzip", "--test"], [str(TOOLS / "warcio"), "check"], [str(TOOLS / "fastwarc"), "check"]):
            assert run([*judge, str(own)], tmp_path).code == 0
        with own.open("rb") as file:
            records = [
                (record.rec_type, record.rec_headers.get_header("WARC-Target-URI"), record.content_stream().read())
                for record in ArchiveIterator(file)
            ]
        assert [kind for kind, _, _ in records][:4] == ["warcinfo", "response", "request", "metadata"]
        kind, url, text = records[-1]
        assert (kind, url, text.decode()) == ("conversion", f"urn:pressmark:text:{GRAIN.url}", GRAIN.text)
        assert GRAIN.headline.encode() in records[1][2]

    def test_names_that_file_after_the_text_and_overwrites_none(self, desk: Terminal):
        name = f"{pressmark_of(desk, LIGHTHOUSE.url)}.warc.gz"
        assert desk("show", LIGHTHOUSE.url, "--warc").out == f"{name}\n"
        own = (desk.folder / name).read_bytes()
        again = desk("show", LIGHTHOUSE.url, "--warc")
        assert again.code == 2
        assert name in again.refusal
        assert (desk.folder / name).read_bytes() == own
        assert gzip.decompress(own).startswith(b"WARC/1.1\r\n")

    def test_gives_the_redirects_before_it_too(self, pressmark: Terminal, tmp_path: Path):
        pressmark("fetch", "http://gulf-courier.example/a/1042")
        pressmark("show", GRAIN.url, "--warc", "-o", str(tmp_path / "own.warc.gz"))
        with (tmp_path / "own.warc.gz").open("rb") as file:
            kinds = Counter(record.rec_type for record in ArchiveIterator(file))
        assert kinds == {"warcinfo": 1, "response": 3, "request": 3, "metadata": 3, "conversion": 1}


class TestWhatASiteReserves:
    def test_is_told_with_where_it_said_so_and_changes_nothing_of_what_is_kept(self, pressmark: Terminal, press: Press):
        answer, text = berth(848)
        press.add(QUAY, reserving(answer, "X-Robots-Tag: noarchive, googlebot: noindex", "tdm-reservation: 1"))
        fetched = pressmark("fetch", QUAY, "--json").told
        assert (fetched["outcome"], fetched["reservations"]) == ("new", ["noarchive", "tdm-reservation=1"])
        shown = pressmark("show", QUAY, "--json").told
        assert shown["reservations"] == fetched["reservations"]
        assert shown["origins"]["reservations:noarchive"] == "header"
        assert "── reserved: noarchive, tdm-reservation=1\n" in pressmark("show", QUAY).err
        [exported] = pressmark("export", "--format", "jsonl").objects
        assert exported["reservations"] == fetched["reservations"]
        [kept] = (pressmark.archive / "text").rglob("*.json")
        assert json.loads(kept.read_bytes())["reservations"] == fetched["reservations"]
        assert pressmark.texts().popitem()[1] == text

    def test_is_asked_of_a_file_when_that_is_set(self, pressmark: Terminal, press: Press):
        press.add(QUAY, berth(848)[0])
        said = Answer(body=b'[{"location": "/", "tdm-reservation": 1}]')
        press.add("http://old-quay.example/.well-known/tdmrep.json", said)
        pressmark.settings(politeness={"tdmrep": True})
        assert pressmark("fetch", QUAY, "--json").told["reservations"] == ["tdm-reservation=1"]

    def test_is_a_revision_when_it_begins_and_when_it_ends_though_the_page_has_not_changed_by_a_byte(
        self, pressmark: Terminal, press: Press
    ):
        answer, _ = berth(848)
        told = []
        for lines in [], ["X-Robots-Tag: noai"], ["X-Robots-Tag: NOAI, all"], []:
            press.add(QUAY, reserving(answer, *lines))
            told.append(pressmark("fetch", QUAY, "--json").told)
        assert [each["outcome"] for each in told] == ["new", "unchanged", "unchanged", "unchanged"]
        assert [each["facts_changed"] for each in told] == [[], ["reservations"], [], ["reservations"]]
        assert [each["reservations"] for each in told] == [[], ["noai"], ["noai"], []]
        self.assert_nothing_new_is_read_again(pressmark, revisions=3)

    def test_is_a_revision_also_when_a_304_says_it(self, pressmark: Terminal, press: Press):
        answer, _ = berth(848)
        press.add(QUAY, reserving(answer, 'ETag: "1"', "X-Robots-Tag: noarchive"))
        pressmark("fetch", QUAY)
        silent, speaks = (
            Answer(status=304, headers=(("ETag", '"1"'), *more)) for more in ((), (("X-Robots-Tag", "noai"),))
        )
        told = []
        for not_modified in silent, speaks, silent:
            press.add(QUAY, not_modified)
            told.append(pressmark("fetch", QUAY, "--json").told)
        assert [each["facts_changed"] for each in told] == [[], ["reservations"], []]
        assert [each["reservations"] for each in told] == [["noarchive"], ["noai"], ["noai"]]
        self.assert_nothing_new_is_read_again(pressmark, revisions=2)

    def assert_nothing_new_is_read_again(self, terminal: Terminal, *, revisions: int) -> None:
        """Neither by `rebuild --reextract` nor by `rebuild`; and nothing is damaged."""
        with terminal.reading() as archive:
            before = list(archive.dump())
        assert sum('"table": "revisions"' in line for line in before) == revisions
        ran = terminal("rebuild", "--reextract", "--json")
        assert len(ran.objects) == 1, ran.out  # the totals alone
        assert terminal("rebuild").code == 0
        with terminal.reading() as archive:
            assert list(archive.dump()) == before
        assert terminal.damages() == []


class TestList:
    def test_has_a_line_for_every_revision(self, kept: Terminal):
        ran = kept("list", "--limit", "0")
        with kept.reading() as archive, archive.reading() as reading:
            every = list(reading.all_revisions())
        assert ran.code == 0
        assert Counter(line.split()[0] for line in ran.out.splitlines()) == Counter(each.pressmark for each in every)

    def test_tells_the_same_in_json(self, kept: Terminal):
        objects = kept("list", "--json", "--limit", "3").objects
        assert len(objects) == 3
        assert all(
            {"pressmark", "canonical_url", "headline", "captured_at", "sha256"} <= told.keys() for told in objects
        )
        assert [told["captured_at"] for told in objects] == sorted(
            (told["captured_at"] for told in objects), reverse=True
        )

    @pytest.mark.parametrize(
        ("filters", "wanted"),
        [
            (["--author", "holt"], lambda story: any("Holt" in name for name in story.authors)),
            (
                ["--language", "en", "--site", "world-tonight.example"],
                lambda story: story.host == "world-tonight.example",
            ),
            (["--language", "ru"], lambda story: story.language == "ru"),
            (["--until", "2026-11-10"], lambda story: story.published[:10] <= "2026-11-10"),
            (["--site", "nobody.example"], lambda _story: False),
        ],
        ids=lambda filters: " ".join(filters) if isinstance(filters, list) else "",
    )
    def test_meets_its_filters(self, kept: Terminal, filters: list[str], wanted):
        told = {each["canonical_url"] for each in kept("list", "--json", "--limit", "0", *filters).objects}
        storm = {url for url in told if "first-winter-storm" in url}
        assert told - storm == {story.url for story in ARTICLES if wanted(story)}


class TestStatus:
    def test_counts_what_there_is(self, kept: Terminal):
        told = kept("status", "--json").told
        assert told["articles"] == len(ARTICLES) + 1
        assert told["texts"] == len(kept.texts())
        assert told["frontier"]["claimed"] == 0
        shown = kept("status")
        assert (shown.code, shown.err) == (0, "")
        assert f"{len(ARTICLES) + 1}" in shown.out


class TestSources:
    def test_are_listed_with_what_their_last_poll_brought(self, kept: Terminal):
        objects = kept("sources", "--json").objects
        assert {told["url"] for told in objects} == set(SOURCES)
        assert {told["outcome"] for told in objects} <= {"new", "revised", "unchanged"}
        shown = kept("sources")
        assert len(shown.out.splitlines()) == len(SOURCES)

    def test_are_listed_before_there_is_an_archive(self, pressmark: Terminal):
        pressmark.watch({"name": "Kosova Wire", "home": "http://kosova-wire.example/"})
        ran = pressmark("sources")
        assert ran.code == 0
        assert "never polled" in ran.out
        assert not pressmark.archive.exists()


class TestVerify:
    def test_finds_an_archive_whole(self, kept: Terminal):
        ran = kept("verify")
        assert ran.code == 0
        assert "all as they were written" in ran.out
        assert kept("verify", "--json").told["damages"] == 0

    def test_finds_a_text_that_was_changed(self, desk: Terminal):
        [name] = desk.texts()
        (desk.archive / name).write_text("Nothing happened.\n")
        ran = desk("verify")
        assert ran.code == 5
        assert ran.out.startswith(name)
        assert LIGHTHOUSE.url in ran.out.splitlines()[0]

    def test_finds_a_byte_that_was_changed_in_a_warc_file(self, desk: Terminal):
        with desk.reading() as archive, archive.reading() as reading:
            capture = reading.captures_of(LIGHTHOUSE.url)[0]
        warc = desk.archive / capture.warc
        block = bytearray(warc.read_bytes())
        block[capture.offset + capture.length // 2] ^= 1
        warc.chmod(0o644)
        warc.write_bytes(block)
        ran = desk("verify", "--json")
        assert ran.code == 5
        damage = ran.objects[0]["damage"]
        assert (damage["file"], damage["url"]) == (capture.warc, LIGHTHOUSE.url)
        assert damage["mend"]


class TestClean:
    def test_prints_the_article_in_a_saved_page(self, pressmark: Terminal):
        answer, text = berth(12)
        (pressmark.folder / "saved.html").write_bytes(answer.body)
        assert pressmark("clean", "saved.html").out == text
        assert pressmark("clean", "-", stdin=answer.body.decode()).out == text
        assert not pressmark.archive.exists()

    def test_tells_facts_and_text_in_json(self, pressmark: Terminal):
        answer, text = berth(12)
        told = pressmark(
            "clean", "-", "--json", "--url", "http://harbour-office.example/12", stdin=answer.body.decode()
        ).told
        assert (told["text"], told["headline"]) == (text, "Berth 12 stays closed")
        assert told["paragraphs"] == PARAGRAPHS
        assert told.keys() - {"schema", "words", "paragraphs", "text"} == {each.name for each in fields(Facts)}


class TestConfig:
    def test_is_shown_as_it_is_in_force(self, pressmark: Terminal):
        told = pressmark("config", "show", "--json").told
        assert told["contact"] == "desk@example.org"
        assert told["archive"]["dir"] == str(pressmark.archive)

    def test_that_is_shown_can_be_read_again(self, pressmark: Terminal):
        shown = pressmark("config", "show").out
        pressmark.config.write_text(shown)
        assert pressmark("config", "show").out == shown

    def test_is_validated_with_its_seeds(self, pressmark: Terminal):
        pressmark.watch({"name": "Kosova Wire", "home": "http://kosova-wire.example/"})
        assert pressmark("config", "validate", "--json").told["sources"] == 1

    def test_is_described_by_a_schema(self, pressmark: Terminal):
        schema = json.loads(pressmark("config", "schema").out)
        assert schema["properties"].keys() >= {"contact", "archive", "politeness", "network", "sources"}


class TestDemo:
    def test_shows_the_whole_line_in_an_empty_folder(self, tmp_path: Path):
        ran = run([sys.executable, "-m", "scraper", "demo"], tmp_path)
        assert ran.code == 0
        with Press() as press:
            made = Terminal(tmp_path / "look", press)
        archive = tmp_path / "pressmark-demo"
        texts = sorted(path.stem for path in archive.rglob("*.txt"))
        assert [name for name in texts if name not in ran.out] == []
        assert str(next(archive.rglob("*.warc.gz")).relative_to(tmp_path)) in ran.out
        assert made("verify", "-C", str(archive)).code == 0
