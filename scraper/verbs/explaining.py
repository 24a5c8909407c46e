"""`pressmark explain`: each block of a page, kept or dropped, and why."""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from archive.catalog import Reading
from archive.records import Capture, Revision, Site
from scraper.config import Config, require_named
from scraper.crawl import Told
from scraper.edge import reader, run, thinking, works
from scraper.errors import NotAnArticle
from scraper.extract import entity_of, explain, explain_flat, is_flat, text_of
from scraper.extract.explain import Explanation, Judged
from scraper.fetcher import check_url
from scraper.flags import Flags, NetworkFlags
from scraper.output import DONE, NO_ARTICLE, Output, capture_object, exit_code, safe
from scraper.urls import key
from scraper.verbs.cases import Case, write_case
from scraper.verbs.cleaning import read
from scraper.verbs.fetch import as_object, settings
from scraper.verbs.memory import site_named, site_of_text

_WIDTH = 100  # columns, of what is no terminal
_UNTOLD = ("url", "site", "origins", "extractor", "disagreements", "site_memory")  # not each on a line of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """A page that is to be explained."""

    url: str  # or a file's name
    body: bytes  # the entity
    charset: str | None = None
    site: Site | None = None
    capture: Capture | None = None  # that it was read from
    is_flat: bool = False


def explain_page(flags: Flags, network: NetworkFlags, what: str, *, url: str, site: str, as_test: Path | None) -> int:
    """Print what became of each block of a page, or write it as a test; the exit code.

    what: a URL, a file, or "-"; url: where a file came from; site: whose memory is used, "" for the one that the text
    of a URL names in the archive. Raises ConfigError, ArchiveError, FetchError, ExtractError, and NotAnArticle of what
    is no page at all.
    """
    memory = site_named(settings(flags), site) if site else None
    if "://" not in what:
        page = _of_file(Path(what), url, memory)
        told = _explained_file(page)
    else:
        found = _of_url(flags, settings(flags, network), check_url(what), memory)
        if isinstance(found, Told):
            return _say_failed(flags.output, found)
        page, told = found
    return _write(flags.output, page, told, as_test) if as_test else _show(flags.output, page, told)


def explained(body: bytes, charset: str | None, site: Site | None, url: str) -> Explanation:
    """As `scraper.extract.explain`: what the workers run."""
    return explain(body, url, charset=charset, site=site)


# ── where the page comes from


def _of_file(file: Path, url: str, site: Site | None) -> _Page:
    body, where = read(file), url or str(file)
    return _Page(url=where, body=body, site=site, is_flat=is_flat(text_of(body, where)))


def _explained_file(page: _Page) -> Explanation:
    if page.is_flat:
        return explain_flat(text_of(page.body, page.url), page.url, site=page.site)
    return explain(page.body, page.url, site=page.site)


def _of_url(flags: Flags, config: Config, url: str, site: Site | None) -> tuple[_Page, Explanation] | Told:
    """The page as the archive holds it, else as it is on the web now. Told: why none came."""
    page = _captured(config, url, site)
    if page is None:
        require_named(config, [url])
        return run(_fetched(config, url, site, wait=flags.patience))
    with thinking(config) as think:
        return page, think(explained, page.body, page.charset, page.site, page.url)


def _captured(config: Config, url: str, site: Site | None) -> _Page | None:
    """The newest capture of a URL, or of the article that it leads to; None where the archive holds neither."""
    if not (config.archive.dir / "FORMAT").exists():
        return None
    with reader(config) as archive, archive.reading() as reading:
        latest = _latest(reading, url)
        capture = reading.latest_whole(url) or (reading.latest_whole(latest.facts.url) if latest else None)
        if capture is None:
            return None
        text = latest or reading.of_capture(capture.record_id)
        site = site or site_of_text(reading, text.facts.site_memory if text else None)
        head, body = archive.payload(capture)
    entity, charset = entity_of(head, body, capture.url)
    return _Page(url=capture.url, body=entity, charset=charset, site=site, capture=capture)


def _latest(reading: Reading, url: str) -> Revision | None:
    article = reading.article_at(key(url))
    return reading.latest(article) if article else None


async def _fetched(config: Config, url: str, site: Site | None, *, wait: float) -> tuple[_Page, Explanation] | Told:
    async with works(config, keep=False, wait=wait) as made:
        came = await made.line.page(url)
        if isinstance(came, Told):
            return came
        answer = came[1].answer
        entity, charset = entity_of(answer.response_head, answer.body, answer.url)
        page = _Page(url=answer.url, body=entity, charset=charset, site=site)
        return page, await made.workers.think(explained, entity, charset, site, answer.url)


def _say_failed(output: Output, told: Told) -> int:
    output.object(as_object(told))
    output.say(f"pressmark: {told.message}")
    return exit_code([told.visit.outcome])


# ── what is said of it


def _write(output: Output, page: _Page, told: Explanation, folder: Path) -> int:
    """The page as a test; it passes as it stands."""
    text = f"not an article: {told.reason}\n" if told.reason else told.article.text
    case = Case(url=page.url, body=page.body, charset=page.charset, site=page.site, is_flat=page.is_flat, text=text)
    place = write_case(case, folder)
    output.object({"case": str(place), "url": page.url, "expected": str(place / "expected.txt")})
    output.line(str(place))
    output.say(f"now edit {place / 'expected.txt'} to what the page says: pytest {folder} fails until that is given")
    return DONE


def _show(output: Output, page: _Page, told: Explanation) -> int:
    kept = [block for block in told.blocks if block.kept]
    output.object(
        {
            "page": page.url, **told.facts, "way": told.way, "reason": told.reason, "message": told.message,
            "words": told.article.words, "blocks": len(told.blocks), "kept": len(kept),
            "captured": capture_object(page.capture) if page.capture else None,
        }
    )  # fmt: skip
    screen = _Screen(output)
    for line in _lines_of(page, told, len(kept)):
        screen.line(line)
    for number, block in enumerate(told.blocks, start=1):
        output.object({"block": number, **{each.name: getattr(block, each.name) for each in fields(Judged)}})
        screen.block(block)
    if told.reason and not output.json:
        return output.fail(NotAnArticle(page.url, told.reason, told.message or told.reason))
    return NO_ARTICLE if told.reason else DONE


def _lines_of(page: _Page, told: Explanation, kept: int) -> Iterator[str]:
    """What is known of the whole page, a line each."""
    if page.capture:
        at = f"{page.capture.captured_at:%Y-%m-%d %H:%M}"
        yield _named("captured", f"{at}  {page.capture.warc} @{page.capture.offset}")
    yield from _facts(told)
    if told.reason:
        yield _named("no article", f"{told.reason}: {told.message}")
    yield _named("read by", told.way)
    yield _named("kept", f"{kept} of {len(told.blocks)} blocks, {told.article.words} words")
    yield ""


def _facts(told: Explanation) -> Iterator[str]:
    for name, value in told.facts.items():
        if name in _UNTOLD:
            continue
        if value:
            said = ", ".join(value) if isinstance(value, tuple) else str(value)
            origin = told.article.origins.get(name)
            yield _named(name.replace("_", " "), f"{said}  ({origin})" if origin else said)
        yield from (_named("", f"but {other}") for other in told.article.disagreements.get(name, ()))


def _named(name: str, said: str) -> str:
    return f"{name:<15} {safe(said)}"


class _Screen:
    """Where the blocks are shown: in colours, their texts cut to the width of a terminal, the reasons whole."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._width = shutil.get_terminal_size((_WIDTH, 0)).columns
        is_colored = sys.stdout.isatty() and output.color and not output.json
        self._console = Console(highlight=False) if is_colored else None

    def line(self, text: str, style: str = "") -> None:
        if self._console:
            self._console.print(Text(text, style), no_wrap=True, crop=False)
        else:
            self._output.line(text)

    def block(self, block: Judged) -> None:
        where = f"{block.kind} at {block.place}" if block.place else block.kind
        by = f" ({block.by})" if block.by not in block.why else ""
        text = safe(block.text.removeprefix("- " if block.kind == "list" else ""))
        self.line(self._cut(f"{'+' if block.kept else '-'} {text}"), "green" if block.kept else "red")
        self.line(f"    {where}: {safe(block.why)}{by}", "dim")

    def _cut(self, text: str) -> str:
        text = text[: 4 * self._width]
        return text if cell_len(text) <= self._width else set_cell_size(text, self._width - 1).rstrip() + "…"
