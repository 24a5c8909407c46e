"""`pressmark fetch`: these links, or one pass over the sources."""

import asyncio
import signal
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from archive import Archive
from archive.records import Outcome, Site
from scraper.config import Config, read_config, require_named, watched, with_flags
from scraper.crawl import Told
from scraper.edge import Works, pace, run, works
from scraper.errors import ConfigError, ExtractError, FetchError, NotAnArticle
from scraper.fetcher import check_url
from scraper.flags import Flags, NetworkFlags
from scraper.frontier import Due
from scraper.handing import Handed
from scraper.links import Announced
from scraper.output import Output, capture_object, exit_code, safe
from scraper.rounds import Rounds
from scraper.school import School
from scraper.sources import Source
from scraper.traps import WORDS
from scraper.urls import host, site
from scraper.verbs.formats import check_format, markdown_of_response, with_links
from scraper.verbs.memory import page_of

_OUTCOMES: tuple[Outcome, ...] = (
    "new", "revised", "unchanged", "copy", "not-article", "gone", "refused", "blocked", "failed",
)  # fmt: skip


_LOOK_SECONDS = 2.0  # between looks at which sites have become due


def settings(flags: Flags, network: NetworkFlags | None = None) -> Config:
    """The settings with what the command line says. Raises ConfigError."""
    net = network or NetworkFlags()
    return with_flags(
        read_config(flags.config),
        archive=flags.archive,
        delay=net.delay,
        connect_to=net.connect_to or (),
        allow_private=net.allow_private or (),
        ca_file=net.cacert,
    )


def fetch(flags: Flags, urls: Sequence[str], *, again: bool, keep: bool, name: str, network: NetworkFlags) -> int:
    """Fetch the links, those on stdin for "-", or without any the sources of the config once; the exit code.

    name: of the format that the text of a single link is printed in.
    """
    check_format(name)
    config = settings(flags, network)
    wait = flags.patience
    links = [link for url in urls for link in (_stdin() if url == "-" else [url])]
    if name != "text" and len(links) != 1:
        raise ConfigError(f"--format {name}", "is for the text of one link; of several, each is told in a line")
    if not urls:
        return _run(one_pass(config, flags.output, again=again, keep=keep, wait=wait))
    require_named(config, links)
    return _run(_links(config, flags.output, links, name=name, keep=keep, wait=wait))


def _stdin() -> list[str]:
    """The links on stdin, one a line; empty lines and lines that begin with # are passed over."""
    lines = (line.strip() for line in sys.stdin)
    return [line for line in lines if line and not line.startswith("#")]


def _run(work: Coroutine[Any, Any, int]) -> int:
    """The work's exit code; 143 and 130 when SIGTERM or SIGINT ends it, after the record at hand is written."""

    async def guarded() -> int:
        task, loop, came = asyncio.ensure_future(work), asyncio.get_running_loop(), list[int]()

        def end(number: int) -> None:
            came.append(number)
            task.cancel()

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end, number)
        try:
            return await task
        except asyncio.CancelledError:
            return 128 + came[0] if came else 1

    return run(guarded())


async def _links(config: Config, output: Output, links: Sequence[str], *, name: str, keep: bool, wait: float) -> int:
    """Each link fetched: many hosts at once, the links of one host in order."""
    checked, wrong = _checked(links, output)
    outcomes: list[Outcome] = []
    several = len(links) > 1
    by_host: dict[str, list[str]] = defaultdict(list)
    for url in checked:
        by_host[host(url)].append(url)
    async with works(config, keep=keep, wait=wait) as made:
        room = asyncio.Semaphore(config.daemon.in_flight)

        async def one_host(host_name: str, urls: Iterable[str]) -> None:
            for url in urls:
                await made.line.gate.free(host_name)
                async with room:
                    told = await made.line.article(url)
                outcomes.append(told.visit.outcome)
                written = await _markdown(output, told, made) if name == "md" else None
                _tell(output, told, several=several, written=written)
                if not several:
                    output.text(written or _text(told, made.archive))

        async with _unwrapping(), asyncio.TaskGroup() as group:
            for each, urls in by_host.items():
                group.create_task(one_host(each, urls))
    return exit_code(outcomes, wrong)


def _checked(links: Sequence[str], output: Output) -> tuple[list[str], list[int]]:
    """The links as they are fetched, each once, and the exit codes of those that are none: the others are fetched."""
    checked: dict[str, None] = {}
    wrong: list[int] = []
    for link in links:
        try:
            checked[check_url(link)] = None
        except FetchError as error:
            if len(links) == 1:
                raise
            wrong.append(output.fail(error))
    return list(checked), wrong


class _unwrapping:  # noqa: N801  reads as a verb where it is used
    """Raises the first error of a task group as itself: one line for the user, not a tree."""

    async def __aenter__(self) -> None: ...

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
            if not isinstance(error, BaseExceptionGroup):
                raise error from None


async def one_pass(config: Config, output: Output, *, again: bool, keep: bool, wait: float) -> int:
    """One pass: every source polled, every link that is due fetched; the exit code."""
    sources = watched(config)
    if not sources:
        where = config.where("sources", "on")
        raise ConfigError(where, "no source is switched on: name seeds here, or run `pressmark add URL`, or give links")
    counts: Counter[str] = Counter()
    outcomes: list[Outcome] = []
    with progress(output, "polling") as show:

        def tell(due: Due, told: Told) -> None:
            is_guess = due.role not in {"article", "page"} and due.source is not None
            if not is_guess:
                outcomes.append(told.visit.outcome)
            if due.role in {"article", "page"}:
                counts[told.visit.outcome] += 1
                _tell(output, told, several=True)
            else:
                counts["polled"] += 1
                _tell_poll(output, told, is_guess=is_guess)
            if told.trap:
                output.say(safe(told.trap))
            show(_summary(len(sources), counts))

        async with works(config, keep=keep, wait=wait) as made:
            async with _lessons(made.school, sources, output):
                await _work(made, config, sources, tell, again=again)
            left = made.frontier.counts(now=datetime.now(UTC))["due"]
    output.say(_summary(len(sources), counts))
    if left:
        output.say(f"{left} links are left for later: their hosts asked for a longer pause")
    output.object({"sources": len(sources), **counts})
    return exit_code(outcomes)


@contextmanager
def progress(output: Output, doing: str) -> Iterator[Callable[[str], None]]:
    """A function that shows where the work stands, on a terminal; nothing elsewhere."""
    if not output.shows_progress:
        yield lambda _text: None
        return
    console = Console(stderr=True, no_color=not output.color)
    spinner = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        redirect_stdout=sys.stdout.isatty(),  # else our data would end on stderr
    )
    with spinner:
        task = spinner.add_task(doing)
        yield lambda text: spinner.update(task, description=escape(safe(text)))


def _tell_poll(output: Output, told: Told, *, is_guess: bool) -> None:
    """A poll on stderr: when it failed, or when more was asked for. is_guess: nobody configured that place."""
    visit = told.visit
    if told.message:
        speak = output.detail if is_guess else output.say
        speak(f"{visit.outcome:<11} {safe(told.message)}")
    else:
        announced = told.announced or Announced()
        output.detail(f"{visit.outcome:<11} {len(announced.links)} links  {safe(visit.url)}")
        if announced.dropped:
            output.say(f"{safe(visit.url)}: {announced.dropped} links are more than one poll takes, and are left out")
        if announced.cut:
            output.say(f"{safe(visit.url)}: its last {announced.cut} bytes are more than is read of a source")
    if told.left_out and not told.trap:
        kinds = ", ".join(f"{count} {WORDS[kind]}" for kind, count in told.left_out.items())
        output.detail(f"{safe(visit.url)}: left out: {kinds}")


@asynccontextmanager
async def _lessons(school: School | None, sources: Iterable[Source], output: Output) -> AsyncIterator[None]:
    """Sites are learned while the block works, and at its end those that it made due."""
    if school is None:
        yield
        return
    for source in sources:
        with suppress(ValueError):
            school.saw(site(source.url))
    has_ended = asyncio.Event()
    lessons = asyncio.create_task(_learn(school, has_ended, output))
    try:
        yield
        has_ended.set()
        await lessons
    finally:
        lessons.cancel()
        await asyncio.gather(lessons, return_exceptions=True)


async def _learn(school: School, has_ended: asyncio.Event, output: Output) -> None:
    while True:
        while lesson := await school.next():
            if lesson.failure:
                output.say(safe(f"{lesson.site}: not learned: {lesson.failure}"))
            if lesson.state:
                output.detail(f"learned     {safe(lesson.site)}@{lesson.state.number}")
        if has_ended.is_set() and not school.is_waited_for:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):
                await has_ended.wait()


async def _work(
    made: Works, config: Config, sources: Sequence[Source], tell: Callable[[Due, Told], None], *, again: bool
) -> None:
    def told(due: Due, came: Told) -> None:
        tell(due, came)
        if made.school and came.article and came.revision:
            made.school.saw(came.revision.facts.site)

    rounds = Rounds(made.line, made.frontier, pace(config, again=again, thorough=True), told)
    rounds.watch(sources, wake=True)
    try:
        await rounds.until_done()
    finally:
        for task in rounds.tasks:
            task.cancel()
        await asyncio.gather(*rounds.tasks, return_exceptions=True)


def _summary(sources: int, counts: Counter[str]) -> str:
    told = [f"{counts[name]} {name}" for name in _OUTCOMES if counts[name]]
    return " · ".join([f"{sources} sources", f"{counts['polled']} polls", *(told or ["nothing new"])])


def _tell(output: Output, told: Told, *, several: bool, written: str | None = None) -> None:
    """A link's line on stdout when it is one of several; on stderr what was kept, or why nothing was.

    written: its text as Markdown, which --json tells, too.
    """
    if output.json:
        output.object({**as_object(told), **({"markdown": written} if written else {})})
    pressmark = told.revision.pressmark if told.revision else "-"
    if several:
        output.line(f"{told.visit.outcome:<11} {pressmark:<20} {safe(told.visit.url)}")
    if told.message:
        output.say(f"pressmark: {safe(told.message)}")
    elif not several and told.revision:
        output.say(f"── {told.visit.outcome} · {told.revision.text_file} · sha256 {told.revision.sha256}")


def _text(told: Told, archive: Archive | None) -> str:
    """The clean text of a link; of an unchanged page that was not read again, from the archive; else nothing."""
    if told.article:
        return told.article.text
    return archive.text(told.revision).decode() if told.revision and archive else ""


async def _markdown(output: Output, told: Told, made: Works) -> str | None:
    """The same as Markdown; None where there is no text."""
    text, facts = _text(told, made.archive), told.article or (told.revision.facts if told.revision else None)
    if not text or facts is None:
        return None
    source, read = await _source(told, made), None
    if source is not None:
        with suppress(NotAnArticle, ExtractError, FetchError):
            read = await made.workers.think(markdown_of_response, *source, facts.url)
    return made.network.secrets.hidden(with_links(output, text, facts, read))


async def _source(told: Told, made: Works) -> tuple[bytes, bytes, Handed | Site | None] | None:
    """Head and body that a link's text was understood from, and what was known of its site."""
    if told.came:
        return *told.came[:2], await made.line.desk.known_site(told.came[2])
    if made.archive is None or told.revision is None:
        return None
    with made.archive.reading() as reading:
        return page_of(made.archive, reading, told.revision)


def as_object(told: Told) -> dict[str, Any]:
    """One line of `fetch --json`."""
    visit, revision = told.visit, told.revision
    facts = told.article or (revision.facts if revision else None)
    final = told.captures[-1].url if told.captures else None
    shown = (
        "headline",
        "authors",
        "published",
        "modified",
        "language",
        "site",
        "publisher",
        "section",
        "kind",
        "access",
        "source_link",
        "wire_credit",
        "image",
        "image_caption",
        "image_credit",
        "reservations",
        "disagreements",
    )
    return {
        "url": visit.url,
        "final_url": facts.url if facts else final,
        "canonical_url": facts.canonical_url if facts else None,
        "outcome": visit.outcome,
        "reason": visit.reason,
        "message": told.message,
        "status": visit.status,
        "pressmark": revision.pressmark if revision else None,
        "text_file": revision.text_file if revision else None,
        "sha256": revision.sha256 if revision else None,
        **{name: getattr(facts, name) if facts else None for name in shown},
        "words": told.article.words if told.article else revision.words if revision else None,
        "facts_changed": list(told.facts_changed),
        "copy_of": revision.copy_of if revision else None,
        "extractor": dict(facts.extractor) if facts else None,
        "site_memory": facts.site_memory if facts else None,
        "captures": [capture_object(each) for each in told.captures],
    }
