"""The daemon: the line on a clock, until SIGTERM.

    tick        every second    claim what is due, as far as there is room, and set out; nothing while the disk is full
    sources     every minute    see what `pressmark add` or an editor changed in the seeds
    reaper      every 30 s      say what was claimed and never reported
    journal     every 15 min    write the visits that no record holds yet
    midnight    00:00 UTC       close the WARC file, seal the day
    seal        every 10 min    what midnight missed; ask for time stamps, where they are wanted
    lessons     every 5 s       learn the sites that are due, one after the other
    heartbeat   as configured   counts

APScheduler holds this clockwork and nothing else: what is due when lies in the frontier, so nothing is lost with us.
"""

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from archive import ledger
from archive.secrets import shown
from scraper.config import Config, require_contact, seed_files, watched
from scraper.crawl import Told
from scraper.edge import Works, authorities, pace, works
from scraper.edge import run as run_loop
from scraper.errors import ConfigError
from scraper.frontier import Due
from scraper.output import safe
from scraper.rounds import Rounds
from scraper.school import Lesson
from scraper.sources import Source
from scraper.stamping import Stamping

_SAID_BY_OTHERS = {"error", "message", "why"}
_GRACE = 7.0  # seconds for visits on their way when the daemon is told to stop; ten is the promise
_SETTLED = timedelta(seconds=2)  # after the start; then days that nobody sealed while we were away are
_SPREAD_EACH = timedelta(seconds=0.1)  # so far apart are the first polls, so that a new daemon is no burst
_SPREAD_MOST = timedelta(minutes=15)


def run(config: Config, *, verbose: bool = False, as_json: bool = False, wait: float = 10.0) -> int:
    """Watch the config's sources until SIGTERM or SIGINT; then 0.

    wait: seconds to wait for an archive that another process holds exclusively.

    Raises ConfigError when there is no contact or no source, ArchiveError when the archive cannot be opened.
    """
    require_contact(config)
    sources = watched(config)
    if not sources:
        where = config.where("sources", "on")
        raise ConfigError(where, "no source is switched on: name seeds here, or run `pressmark add URL`")
    return run_loop(_run(config, sources, _logger(verbose=verbose, as_json=as_json), wait=wait))


def _logger(*, verbose: bool, as_json: bool) -> Any:
    """Structured lines on stderr: for people on a terminal, else JSON."""
    for_people = sys.stderr.isatty() and not as_json
    renderer = structlog.dev.ConsoleRenderer() if for_people else structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _harmless,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(10 if verbose else 20),
    )


def _harmless(_logger: object, _name: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Remote strings may carry escape sequences, and errors of libraries anything; no log line does."""
    bare = {name: shown(event[name]) for name in _SAID_BY_OTHERS & event.keys()}
    return {name: safe(value) if isinstance(value, str) else value for name, value in {**event, **bare}.items()}


async def _run(config: Config, sources: tuple[Source, ...], log: Any, *, wait: float) -> int:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with works(config, keep=True, wait=wait) as made:
        for recovered in made.archive.recovered if made.archive else ():
            log.warning("recovered", warc=recovered.warc, records=recovered.records, cut=recovered.cut)
        clockwork = _Clockwork(config, made, log)
        clockwork.watch(sources)
        scheduler = clockwork.started()
        log.info("started", sources=len(sources), archive=str(config.archive.dir))
        await stop.wait()
        scheduler.shutdown(wait=False)
        await clockwork.end()
        clockwork.heartbeat()
    log.info("stopped")
    return 0


class _Clockwork:
    """The standing jobs, and what they count between two heartbeats."""

    def __init__(self, config: Config, made: Works, log: Any) -> None:
        self._config = config
        self._made = made
        self._frontier = made.frontier
        self._log = log
        self._counts: Counter[str] = Counter()
        self._watched: tuple[Source, ...] = ()
        self._seen = self._seeds()
        self._is_paused = False
        self._has_looked_at_all = False
        self._stamping = Stamping(made.network, config.archive.dir, authorities(config))
        self._rounds = Rounds(made.line, made.frontier, pace(config), self._tell)

    def _seeds(self) -> dict[Path, int]:
        """The seed files and when each was changed (ns): reading hundreds of sources twice a minute is no idle work."""
        return {path: path.stat().st_mtime_ns for path in seed_files(self._config).values()}

    def watch(self, sources: tuple[Source, ...]) -> None:
        spread = min(_SPREAD_EACH * len(sources), _SPREAD_MOST) if self._frontier.fresh else timedelta(0)
        self._rounds.watch(sources, wake=False, spread=spread)
        self._watched = sources

    def started(self) -> AsyncIOScheduler:
        """The scheduler, running. Jobs come once even when several turns were missed, and never twice at a time."""
        once = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=once)
        jobs: list[tuple[Callable[[], Awaitable[None]], IntervalTrigger | CronTrigger]] = [
            (self._tick, IntervalTrigger(seconds=1)),
            (self._see_sources, IntervalTrigger(seconds=30)),
            (self._reap, IntervalTrigger(seconds=30)),
            (self._journal, IntervalTrigger(minutes=15)),
            (self._close_warc, CronTrigger(hour=0, minute=0, timezone=UTC)),
            (self._seal, IntervalTrigger(minutes=10, start_date=datetime.now(UTC) + _SETTLED)),
            (self._learn, IntervalTrigger(seconds=5)),
            (self._beat, IntervalTrigger(seconds=max(1, round(self._config.daemon.heartbeat)))),
        ]
        for job, trigger in jobs:
            scheduler.add_job(self._guarded(job), trigger, id=job.__name__.strip("_"))
        scheduler.start()
        return scheduler

    def _guarded(self, job: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def run_job() -> None:
            try:
                await job()
            except Exception as error:  # noqa: BLE001  the one place: a job that fails is said, and comes again
                self._counts["errors"] += 1
                self._log.error("job failed", job=job.__name__.strip("_"), error=f"{type(error).__name__}: {error}")

        return run_job

    async def _tick(self) -> None:
        self._say_whether_paused()
        before = set(self._rounds.tasks)
        self._rounds.dispatch()
        for task in self._rounds.tasks - before:
            task.add_done_callback(self._ended)

    def _say_whether_paused(self) -> None:
        """Say once that nothing is fetched, because nothing could be kept, and once that it goes on."""
        closed = self._made.line.desk.closed()
        if closed and not self._is_paused:
            self._log.warning("paused", why=str(closed))
        elif self._is_paused and not closed:
            self._log.info("resumed")
        self._is_paused = closed is not None

    def _ended(self, task: "asyncio.Task[None]") -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:  # its claim runs out by itself, and the link is due again
            self._counts["errors"] += 1
            self._log.error("visit failed", url=task.get_name(), error=f"{type(error).__name__}: {error}")

    def _tell(self, due: Due, told: Told) -> None:
        visit = told.visit
        self._counts[visit.outcome if visit.role == "article" else "polls"] += 1
        said = {
            "outcome": visit.outcome,
            "reason": visit.reason,
            "role": visit.role,
            "url": visit.url,
            "status": visit.status,
            "seconds": visit.seconds,
            "pressmark": told.revision.pressmark if told.revision else None,
            "links": len(told.announced.links) if told.announced else None,
            "dropped": (told.announced.dropped or None) if told.announced else None,
            "cut": (told.announced.cut or None) if told.announced else None,
            "left_out": told.left_out or None,
            "message": told.message,
        }
        self._log.info("visit", **{name: value for name, value in said.items() if value is not None})
        if told.fell:
            self._log.warning("trap", message=told.trap)
        if self._made.school and told.article and told.revision:
            self._made.school.saw(told.revision.facts.site)

    async def _see_sources(self) -> None:
        seeds = self._seeds()
        if seeds == self._seen:
            return
        self._seen = seeds
        try:
            sources = watched(self._config)
        except ConfigError as error:
            self._log.error("seeds not read, the old ones stay", error=str(error))
            return
        if sources != self._watched:
            self._log.info("sources changed", before=len(self._watched), now=len(sources))
            self.watch(sources)

    async def _reap(self) -> None:
        for url in self._frontier.stalled(now=datetime.now(UTC)):
            self._log.warning("stalled, due again", url=url)

    async def _journal(self) -> None:
        await self._made.line.desk.journal()

    async def _close_warc(self) -> None:
        await self._made.line.desk.close_warc()
        await self._seal()

    async def _seal(self) -> None:
        """Days that are over get their entry in the ledger, and the newest its time stamps, when some are wanted."""
        now = datetime.now(UTC)
        for entry in await asyncio.to_thread(ledger.seal, self._config.archive.dir, now=now):
            self._log.info("sealed", day=str(entry.day), leaves=entry.leaves, root=entry.root)
            self._stamping.soon()
        asked = await self._stamping.when_due(now)
        for path in asked.made:
            self._log.info("stamped", file=path)
        for failure in asked.failed:
            self._log.warning("not stamped, asked again later", error=str(failure))

    async def _learn(self) -> None:
        """Learn the sites that are due; what waits is looked at again in a moment."""
        school = self._made.school
        if school is None:
            return
        if not self._has_looked_at_all:
            await school.look_at_all()
            self._has_looked_at_all = True
        while lesson := await school.next():
            self._tell_lesson(lesson)

    def _tell_lesson(self, lesson: Lesson) -> None:
        if lesson.failure:
            self._log.warning("not learned", site=lesson.site, why=lesson.why, message=lesson.failure)
        if lesson.state:
            memory = lesson.state.memory
            known = {"number": lesson.state.number, "templates": list(memory["templates"])}
            self._log.info("learned", site=lesson.site, why=lesson.why, **known, cruft=len(memory["cruft"]))
        elif not lesson.failure:
            self._log.info("nothing new learned", site=lesson.site, why=lesson.why)

    async def _beat(self) -> None:
        self.heartbeat()

    def heartbeat(self) -> None:
        """A line with what was done since the last one, and what is waiting."""
        waiting = self._frontier.counts(now=datetime.now(UTC))
        self._log.info("heartbeat", **dict(sorted(self._counts.items())), in_flight=len(self._rounds.tasks), **waiting)
        self._counts.clear()

    async def end(self) -> None:
        """Let the visits on their way finish for a while, then drop them: they are due again."""
        if self._rounds.tasks:
            await asyncio.wait(self._rounds.tasks, timeout=_GRACE)
        for task in self._rounds.tasks:
            task.cancel()
        await asyncio.gather(*self._rounds.tasks, return_exceptions=True)
