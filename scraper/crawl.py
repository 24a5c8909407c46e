"""The line itself: from a link to a kept text.

    link ─► gate ─► fetch ─► append ─► understand ─► compare ─► keep
            │       │        │         │             │          └ record, text file, sidecar, catalog: one transaction
            │       │        │         │             └ pure: new, revised, unchanged, copy
            │       │        │         └ in a worker process that may be killed
            │       │        └ on the medium before any parser runs
            │       └ redirects hop by hop
            └ robots.txt and the host's slot, at every hop

Whatever comes, a Visit is left; also when the disk takes no bytes: then it failed, and the reason is "disk".
"""

import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from archive.errors import ReadOnly, Redacted, WriteFailed
from archive.records import (
    FOR_THE_SITE,
    Article,
    Capture,
    Outcome,
    Page,
    Redaction,
    Revision,
    Role,
    Validators,
    Visit,
)
from scraper.compare import Change, compare, same_extractor, same_way, with_text_of
from scraper.declarations import Declarations
from scraper.desk import Desk
from scraper.errors import ExtractError, FetchError, NotAnArticle, Refused, Unreadable
from scraper.fetcher import Fetcher
from scraper.frontier import Frontier
from scraper.gate import SPARE, Gate, Memory
from scraper.handing import Handed
from scraper.ladder import Deaths, article_of
from scraper.links import Announced, Kind
from scraper.network import Network
from scraper.outcomes import aliases, answered, known_by, moved, why
from scraper.polls import read_polled
from scraper.reservations import as_before, with_reservations
from scraper.robots import LARGEST
from scraper.wire import beginning
from scraper.workers import Workers

PRODUCT = "pressmark"  # our token in robots.txt and in the User-Agent
_EVER = datetime.min.replace(tzinfo=UTC)
_ROBOTS_AGE = timedelta(days=7)  # for so long a good copy stands in for a robots.txt that cannot be had
SavedPage = tuple[bytes, bytes, str]  # response head, body with its content coding, URL after redirects
_NOT_KEPT = (WriteFailed, ReadOnly)
_ROLES: dict[Kind, Role] = {"feed": "feed", "home": "front", "front": "front"}  # of the others: sitemap


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of one link: what the command line prints and the daemon logs."""

    visit: Visit
    message: str | None = None  # of a failure: what, where, why, what to do
    captures: tuple[Capture, ...] = ()
    article: Article | None = None  # as understood now; None when nothing was, or nothing had to be
    came: SavedPage | None = None  # what it was understood from
    revision: Revision | None = None  # the one kept, or the one that is unchanged
    facts_changed: tuple[str, ...] = ()
    announced: Announced | None = None  # of a poll
    left_out: Mapping[str, int] = field(default_factory=dict)  # of what was announced, by kind of trap (scraper.traps)
    trap: str | None = None  # which trap the configured source is in, in a line
    fell: bool = False  # it was in none before, or in another


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How the line behaves."""

    delay: timedelta  # between visits to one host
    page_seconds: float
    max_redirects: int
    max_age: timedelta | None  # of what a sitemap lists; None: any
    tdmrep: bool = False  # whether sites are asked for what they reserve in /.well-known/tdmrep.json


class Line:
    """One crawler at work on one archive, or on none."""

    def __init__(self, network: Network, frontier: Frontier, workers: Workers, desk: Desk, manners: Manners) -> None:
        self.desk = desk
        self._network = network
        self._workers = workers
        self._manners = manners
        self._deaths = Deaths()
        memory = Memory(keep=self._keep_robots, last_good=self._good_robots, validators=desk.robots_validators)
        longest = manners.page_seconds + SPARE
        self.gate = Gate(
            network, frontier, product=PRODUCT, delay=manners.delay, memory=memory, seconds=longest, closed=desk.closed
        )
        self._declarations = Declarations(network, self.gate, memory, page_seconds=manners.page_seconds)
        self._fetcher = Fetcher(
            network, gate=self.gate, page_seconds=manners.page_seconds, max_redirects=manners.max_redirects
        )

    async def article(self, url: str, *, source: str | None = None, held: str | None = None) -> Told:
        """Fetch a link, keep what came, and the article in it.

        held: the host whose slot was claimed for this visit. Raises ArchiveError alone: the archive cannot be read.
        """
        attempt = _attempt(url, "article", source)
        came = await self._fetched(attempt, held)
        if isinstance(came, Told):
            return came
        visit, page = came
        try:
            captures = await self.desk.append(visit, page)
        except _NOT_KEPT as error:
            return await self._unkept(visit, error)
        visit = replace(visit, capture=captures[-1].record_id if captures else None)
        try:
            return await self._told_of(visit, page, captures)
        except _NOT_KEPT as error:
            return await self._unkept(visit, error, captures)

    async def _told_of(self, visit: Visit, page: Page, captures: tuple[Capture, ...]) -> Told:
        """What an answer that was kept comes to."""
        if visit.outcome != "new":
            return await self._noted(Told(visit=visit, message=why(visit), captures=captures))
        try:
            return await self._understood(visit, page, captures)
        except (NotAnArticle, ExtractError, FetchError) as error:
            outcome: Outcome = "not-article" if isinstance(error, NotAnArticle) else "failed"
            visit = replace(visit, outcome=outcome, reason=error.reason)
            return await self._noted(Told(visit=visit, message=str(error), captures=captures))
        except Redacted as error:
            visit = replace(visit, outcome="refused", reason="redacted")
            return await self._noted(Told(visit=visit, message=str(error), captures=captures))

    async def page(self, url: str) -> tuple[Visit, Page] | Told:
        """Fetch a link as `article` does, for somebody who looks at it himself: it is not kept. Told: why none came."""
        came = await self._fetched(_attempt(url, "article", None), None)
        if isinstance(came, Told) or came[0].outcome == "new":
            return came
        return await self._noted(Told(visit=came[0], message=why(came[0])))

    async def poll(
        self, kind: Kind, url: str, *, source: str | None, held: str | None = None, read_at: datetime | None = None
    ) -> Told:
        """Ask a source for links; it is kept when its bytes changed.

        read_at: when its links were last taken in; None: never, or they are not known any more. An unchanged source is
        read again when it was captured since: whoever captured it died, or could not read it.
        """
        came = await self._fetched(_attempt(url, _ROLES.get(kind, "sitemap"), source), held)
        if isinstance(came, Told):
            return came
        visit, page = came
        try:
            visit, captures = await self.desk.append_changed(visit, page)
        except _NOT_KEPT as error:
            return await self._unkept(visit, error)
        try:
            return await self._announced(kind, visit, page, captures, read_at=read_at)
        except _NOT_KEPT as error:
            return await self._unkept(visit, error, captures)

    async def leave_alone(self, kind: Kind, url: str, *, reason: str) -> Visit:
        """The visit that says why a source is not followed: nothing was asked for."""
        visit = replace(_attempt(url, _ROLES.get(kind, "sitemap"), None), outcome="refused", reason=reason)
        try:
            await self.desk.note(visit)
        except _NOT_KEPT:
            await self.desk.note_unkept(visit)
        return visit

    async def _announced(
        self, kind: Kind, visit: Visit, page: Page, captures: tuple[Capture, ...], *, read_at: datetime | None
    ) -> Told:
        """What a source's answer announces."""
        told = Told(visit=visit, captures=captures, announced=Announced())
        if visit.outcome not in ("new", "revised", "unchanged"):
            return await self._noted(replace(told, message=why(visit), announced=None))
        if visit.outcome == "unchanged" and not await self._is_unread(page.answer.url, read_at):
            return await self._noted(told)
        since = _now() - self._manners.max_age if self._manners.max_age else _EVER
        head, body = await self.desk.payload(page.answer)
        try:
            announced = await self._workers.think(read_polled, kind, since, head, body, page.answer.url)
        except (Unreadable, ExtractError, FetchError) as error:
            visit = replace(visit, outcome="failed", reason=error.reason)
            return await self._noted(Told(visit=visit, message=str(error), captures=captures))
        return await self._noted(replace(told, announced=announced.told_as(self.heard)))

    def heard(self, url: str) -> str:
        """A URL that a site told us, as it may be kept: without the values that it was asked with."""
        return self._network.secrets.hidden(url)

    async def _is_unread(self, url: str, read_at: datetime | None) -> bool:
        captured_at = await self.desk.captured_at(url)
        return read_at is None or captured_at is None or captured_at > read_at

    async def _fetched(self, visit: Visit, held: str | None) -> tuple[Visit, Page] | Told:
        """The visit as its page's answer makes it, or what is told of a fetch that failed."""
        try:
            return await self._asked(visit, held)
        except _NOT_KEPT as error:
            return await self._unkept(visit, error)

    async def _asked(self, visit: Visit, held: str | None) -> tuple[Visit, Page] | Told:
        """As `_fetched`; the hops that were answered are kept also when a later one is not."""
        try:
            async with self.gate.visit(held=held):
                page = await self._fetcher.page(visit.url, validators=self._validators_for(visit))
                if self._manners.tdmrep and visit.role == "article" and answered(visit, page).outcome == "new":
                    await self._declarations.look(page.answer.url)
        except FetchError as error:
            hops = Page(exchanges=error.exchanges)
            captures = await self.desk.append(visit, hops) if hops.exchanges else ()
            visit = replace(visit, outcome=_of_failure(error), reason=error.reason)
            return await self._noted(Told(visit=visit, message=str(error), captures=captures))
        return answered(visit, page), page

    def _validators_for(self, visit: Visit) -> Callable[[str], Validators | None]:
        """What asks the desk at each hop; of an article also whether it was redacted, before anything is sent.

        Raises Refused, and so does what it gives.
        """
        if visit.role != "article":
            return self.desk.validators
        _check_open(visit.url, self.desk.redaction(visit.url, asked=known_by(visit.url)))

        def validators(url: str) -> Validators | None:
            _check_open(url, self.desk.redaction(url))
            return self.desk.validators(url)

        return validators

    async def _understood(self, visit: Visit, page: Page, captures: tuple[Capture, ...]) -> Told:
        asked = known_by(visit.url)
        seen = await self.desk.seen(captures[-1], asked) if captures else None
        if seen and as_before(page.answer.response_head, page.answer.url, seen.facts):
            visit = replace(visit, outcome="unchanged", article=seen.article, aliases=aliases(page))
            return await self._noted(Told(visit=visit, captures=captures, revision=seen))
        came = (*await self.desk.payload(page.answer), page.answer.url)
        site = await self.desk.known_site(page.answer.url)
        article = await self._read(came, site)
        declared = self._declarations.reserved_at(page.answer.url)
        article = with_reservations(article, declared, FOR_THE_SITE)
        known = await self.desk.known_as(article.canonical_url, asked=asked, moved=moved(page))
        visit = replace(visit, article=known, aliases=aliases(page))
        told = Told(visit=visit, captures=captures, article=replace(article, canonical_url=known), came=came)
        return await self._kept(told, came, site) if self.desk.keeps else told

    async def _read(self, page: SavedPage, site: Handed | None) -> Article:
        article = await article_of(self._workers, *page, site=site, deaths=self._deaths)
        return self._network.secrets.told(article)

    async def _kept(self, told: Told, came: SavedPage, site: Handed | None) -> Told:
        """Keep the article if it says something new; decide anew when another process kept one meanwhile."""
        article, visit = told.article, told.visit
        while article:
            latest = await self.desk.latest(article.canonical_url)
            change = await self._compared(article, latest, came, site)
            told = replace(told, facts_changed=change.facts_changed)
            if change.verdict is None:
                unchanged = replace(visit, outcome="unchanged")
                return await self._noted(replace(told, visit=unchanged, revision=latest))
            outcome: Outcome = "unchanged" if change.verdict == "facts" else change.verdict
            kept = article
            if change.verdict == "facts" and latest and article.sha256 != latest.sha256:
                kept = with_text_of(await self.desk.told_by(latest), article)
            revision = await self.desk.keep(kept, replace(visit, outcome=outcome), change, latest)
            if revision is not None:
                outcome = "copy" if revision.verdict == "copy" else outcome
                return replace(told, visit=replace(visit, outcome=outcome), revision=revision)
        return told

    async def _compared(
        self, article: Article, latest: Revision | None, came: SavedPage, site: Handed | None
    ) -> Change:
        """Like with like: when the extractor or what is known of the site is another, the earlier capture is read anew.

        Where one of the two came by a template and the other did not, both are read without.
        """
        if latest is None:
            return compare(article, None)
        baseline = None if same_extractor(article, latest) else await self._read_before(latest, site)
        change = compare(article, latest, baseline=baseline)
        if change.verdict is None or site is None or same_way(article, baseline or latest.facts):
            return change
        plain = site.without_templates()
        before, now = await self._read_before(latest, plain), await self._read_again(came, plain)
        return compare(now, latest, baseline=before) if now and before else change

    async def _read_before(self, latest: Revision, site: Handed | None) -> Article | None:
        earlier = await self.desk.payload_of(latest)
        return await self._read_again((*earlier, latest.facts.url), site) if earlier else None

    async def _read_again(self, page: SavedPage, site: Handed | None) -> Article | None:
        """The article in a page that was understood before; None when it is not any more."""
        with suppress(NotAnArticle, ExtractError, FetchError):
            return await self._read(page, site)
        return None

    async def _noted(self, told: Told) -> Told:
        await self.desk.note(told.visit)
        return told

    async def _unkept(self, visit: Visit, error: WriteFailed | ReadOnly, captures: tuple[Capture, ...] = ()) -> Told:
        """What is told of a visit whose bytes, or whose text, the disk did not take."""
        visit = replace(visit, outcome="failed", reason="disk")
        is_noted = await self.desk.note_unkept(visit)
        message = f"{visit.url}: not kept: {error}"
        if not is_noted:
            message += ". The visit itself is held in memory until it can be noted"
        return Told(visit=visit, message=message, captures=captures)

    async def _keep_robots(self, url: str, came: Page | FetchError) -> None:
        visit = _attempt(url, "robots", None)
        if isinstance(came, FetchError):
            visit = replace(visit, outcome=_of_failure(came), reason=came.reason)
        else:
            visit = answered(visit, came)
            try:
                visit, _ = await self.desk.append_changed(visit, came)
            except _NOT_KEPT:
                await self.desk.note_unkept(replace(visit, outcome="failed", reason="disk"))
                raise
        await self.desk.note(visit)

    async def _good_robots(self, place: str, url: str) -> bytes | None:
        last = await self.desk.robots(place, url)
        if last is None or _now() - last[0] > _ROBOTS_AGE:
            return None
        return beginning(last[1], last[2], limit=LARGEST + 1, url=url)


def _attempt(url: str, role: Role, source: str | None) -> Visit:
    """A visit that has just begun; "new" until something else is known."""
    visit_id = f"urn:uuid:{uuid.uuid4()}"
    return Visit(visit_id=visit_id, url=url, visited_at=_now(), role=role, outcome="new", source=source)


def _check_open(url: str, gone: Redaction | None) -> None:
    if gone:
        raise Refused(url, "redacted", f"not asked for: it was redacted on {gone.redacted_at:%Y-%m-%d} ({gone.reason})")


def _of_failure(error: FetchError) -> Outcome:
    return "refused" if isinstance(error, Refused) else "failed"


def _now() -> datetime:
    return datetime.now(UTC)
