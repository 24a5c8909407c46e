"""Foreign WARC and WACZ files into the archive: each answer written anew, understood, and put in its place in time.

    read ─► resolve ─► append ─► understand ─► judge ─► keep, rule, note
            │          │         │             └ history: what each capture is, by the dates of all of them
            │          │         └ the caller's; the archive opens without the crawler
            │          └ durable before any parser runs
            └ a revisit's payload from the archive; what is there already is skipped

What is judged anew because an earlier capture came is said in rulings. Running it again, also after kill -9, goes on.
"""

import hashlib
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive.catalog import OUTCOME_NOW, Reading
from archive.disk import digest_of
from archive.errors import ArchiveError, Damaged, NotAWarc
from archive.foreign import Foreign, Limits, damage_at, look_through, one_line, read_foreign
from archive.heads import head_meant, status_of
from archive.history import Compare, Judged, Telling, judge, tellings_of
from archive.records import Article, Capture, Exchange, Outcome, Revision, Role, Ruling, Truncation, Verdict, Visit
from archive.translate import (
    Asked,
    Left,
    Past,
    Reference,
    beside_of,
    is_as_stated,
    past_of,
    request_of,
    role_of,
    with_its_coding,
)
from archive.warc import read_fields, sha1
from archive.writer import Writer, is_not_modified

_TOGETHER = 32  # answers a transaction
_TOGETHER_BYTES = 32_000_000  # of their bodies, or fewer answers
_NAMED = 20  # captures of a URL that are looked through for one that had a certain record id
_OF_NOTHING = (sha1(b""), f"sha256:{hashlib.sha256(b'').hexdigest()}")
_APART = 16  # records that may lie between an answer and its request


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a capture says: of a revisit, with head and body of the response that it means."""

    url: str
    status: int  # on the wire
    truncated: Truncation | None
    head: bytes
    body: bytes  # content coding kept
    role: Role = "article"  # what it was fetched as: anything else tells no article


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What was made of an answer: an article, or why there is none."""

    outcome: Outcome  # "new" when there is an article
    reason: str | None = None
    article: Article | None = None
    aliases: tuple[str, ...] = ()  # normalised URLs that lead to it


Understand = Callable[[Sequence[Answer]], Sequence[Understood]]


@dataclass(slots=True, kw_only=True)
class Imported:
    """What became of one file."""

    file: str  # as it was named
    sha256: str = ""
    taken: int = 0  # captures written
    known: int = 0  # skipped, because they are there
    doubtful: int = 0  # of those taken: where the file states the digest of another payload
    left: Counter[str] = field(default_factory=Counter)  # records left out, by the reason
    outcomes: Counter[str] = field(default_factory=Counter)  # of the visits
    damages: list[Damaged] = field(default_factory=list)
    ended: bool = False  # whether somebody asked to stop
    refusal: ArchiveError | None = None  # why nothing more could be taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an import asks of whoever orders it."""

    understand: Understand  # what answers come to, one for each; called with at most 32
    compare: Compare  # the facts that differ between two tellings; None when other extractors cleaned them
    limits: Limits = field(default_factory=Limits)
    stop: Callable[[], bool] = lambda: False  # asked after each record
    refusal: Callable[[], ArchiveError | None] = lambda: None  # asked before captures are written: why they may not be
    tell: Callable[[Imported], object] = lambda _: None  # how far it is, now and then


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrival:
    """An answer on its way: from a file, or of a capture whose import did not come to its end."""

    past: Past
    visit_id: str
    original: Capture | None  # the response that a 304 means
    digest: str  # of the payload
    answer: Answer
    capture: Capture | None = None


def import_warc(archive: Writer, path: Path, terms: Terms) -> Imported:
    """Every answer of a WARC or WACZ file as a capture of its own date, with what it says of its article.

    What is damaged or left out is told in the answer. Raises NotAWarc when it is no such file, and what a Writer does.
    """
    look_through(path, terms.limits, terms.stop)
    try:
        imported = Imported(file=str(path), sha256=digest_of(path))
    except OSError as error:
        raise NotAWarc(path, f"cannot be read ({error.strerror}); look whether it is there and a file") from error
    return _Import(archive, path, imported, terms).run()


class _Import:
    """One file being imported."""

    def __init__(self, archive: Writer, path: Path, imported: Imported, terms: Terms) -> None:
        self._archive = archive
        self._path = path
        self._imported = imported
        self._terms = terms
        self._batch: dict[tuple[str, datetime, str], _Arrival] = {}

    def run(self) -> Imported:
        for past in self._answers():
            self._take(past)
            if len(self._batch) >= _TOGETHER or self._batch_bytes() >= _TOGETHER_BYTES:
                self._flush()
            self._imported.ended = self._terms.stop()
            if self._imported.ended or self._imported.refusal:
                break
        self._flush()
        return self._imported

    def _batch_bytes(self) -> int:
        return sum(len(arrival.answer.body) for arrival in self._batch.values())

    # ── read ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _answers(self) -> Iterator[Past]:
        """The answers of the file, each with its request where one stands near it."""
        waiting: deque[tuple[int, Past]] = deque()
        requests: dict[str, Asked] = {}
        for number, record in enumerate(read_foreign(self._path, self._imported.damages, self._terms.limits)):
            if not is_as_stated(record):
                self._leave_changed(record)
            elif asked := request_of(record):
                requests[asked.record_id] = asked
                if len(requests) > _APART:
                    del requests[next(iter(requests))]
            elif beside := beside_of(record):
                waiting = deque((at, beside.told_of(past)) for at, past in waiting)
            elif past := self._past(record):
                waiting.append((number, past))
            while waiting and number - waiting[0][0] >= _APART // 2:
                yield from self._asked(waiting.popleft()[1], requests)
        for _, past in waiting:
            yield from self._asked(past, requests)

    def _leave_changed(self, record: Foreign) -> None:
        """All are counted; each is damage, but a file may hold nothing else, and so many are enough to name."""
        self._imported.left["digest"] += 1
        if len(self._imported.damages) < self._terms.limits.damages:
            what = "not the bytes that its WARC-Block-Digest was made of"
            self._imported.damages.append(damage_at(self._path, record.entry, record.offset, what))

    def _past(self, record: Foreign) -> Past | None:
        past = past_of(record, now=datetime.now(UTC))
        if isinstance(past, Left):
            self._imported.left[past.reason] += 1
            return None
        return past

    def _asked(self, past: Past, requests: Mapping[str, Asked]) -> Iterator[Past]:
        """The answer with its request; nothing when it answers something else than GET."""
        asked = next((each for each in requests.values() if _belong(past, each)), None)
        if asked and asked.method != "GET":
            self._imported.left["not-get"] += 1
            return
        yield past.asked(asked) if asked else past

    # ── resolve ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, past: Past) -> None:
        """Into the batch, unless it is there, was redacted, or its payload is not held."""
        arrival = self._resolved(past)
        if arrival is None and self._batch:
            self._flush()  # what it refers to may stand in the batch
            if self._imported.refusal:
                return
            arrival = self._resolved(past)
        if arrival is None:
            self._imported.left["revisit"] += 1
            return
        exchange = arrival.past.exchange
        place = (exchange.url, exchange.started_at, arrival.digest)
        with self._archive.reading() as reading:
            held = reading.same_capture(*place)
            gone = held is None and _is_redacted(reading, exchange)
        if gone:
            self._imported.left["redacted"] += 1
        elif place in self._batch or (held and not (arrival := self._unfinished(arrival, held))):
            self._imported.known += 1
        else:
            self._batch[place] = arrival

    def _resolved(self, past: Past) -> _Arrival | None:
        """The answer with its payload; None for a revisit whose payload the archive does not hold."""
        exchange, original = past.exchange, None
        head, body = exchange.response_head, exchange.body
        if past.refers_to:
            original = self._original(past.exchange.url, past.refers_to)
            if original is None:
                return None
            head, body = self._archive.payload(original)
            if not exchange.response_head and original.url != exchange.url:
                return None  # a response cannot be made of it, for nobody told its head
            if not is_not_modified(exchange):
                exchange, original = replace(exchange, body=body), None
        exchange = with_its_coding(exchange)
        return _Arrival(
            past=replace(past, exchange=exchange),
            visit_id=f"urn:uuid:{uuid.uuid4()}",
            original=original,
            digest=original.payload_digest if original else sha1(exchange.body),
            answer=Answer(
                url=exchange.url,
                status=status_of(exchange.response_head or head),
                truncated=exchange.truncated,
                head=head_meant(head, exchange.response_head) if past.refers_to else exchange.response_head,
                body=body,
                role=past.role or role_of(exchange.url, exchange.response_head or head, body),
            ),
        )

    def _original(self, url: str, refers_to: Reference) -> Capture | None:
        """The whole response that a revisit means: by URL and date, else by digest."""
        with self._archive.reading() as reading:
            found = (reading.capture(each.holder) for each in self._candidates(reading, url, refers_to))
            return next((each for each in found if each and not each.truncated and 200 <= each.status < 300), None)

    def _candidates(self, reading: Reading, url: str, refers_to: Reference) -> Iterator[Capture]:
        """Captures that a revisit may mean, likeliest first: of the same payload, of that moment, under that name."""
        places = list(dict.fromkeys(filter(None, (url, refers_to.url))))
        kind, _, digits = (refers_to.digest or "").partition(":")
        # Some state the digest of nothing, which is what came with a 304.
        if refers_to.digest and refers_to.digest not in _OF_NOTHING:
            by_digest = (
                reading.payload_known(place, digits)
                if kind == "sha256"
                else reading.payload_of(place, refers_to.digest)
                for place in places
            )
            yield from filter(None, by_digest)
        if refers_to.at and (captured := reading.captured(refers_to.url or url, refers_to.at)):
            yield captured
        if refers_to.record_id:  # all that wget says, and its digests are of bodies with their chunks
            for each in (each for place in places for each in reading.captures_of(place, limit=_NAMED)):
                if not each.revisit_of and self._how_it_went(each).get("import-record") == refers_to.record_id:
                    yield each

    def _unfinished(self, arrival: _Arrival, held: Capture) -> _Arrival | None:
        """The arrival of a capture that an import wrote and did not come to understand; None when all is done."""
        with self._archive.reading() as reading:
            if reading.visits_with("capture", [held.record_id]):
                return None
        went = self._how_it_went(held)
        if "import-sha256" not in went or "visit" not in went:
            return None  # a redirect on the way, or a page that another process is at
        return replace(arrival, capture=held, visit_id=went["visit"])

    def _how_it_went(self, capture: Capture) -> dict[str, str]:
        """What the metadata of a capture says."""
        group = self._archive.group_at(capture.warc, capture.offset)
        return read_fields(group[-1].block) if group else {}

    # ── append, understand ───────────────────────────────────────────────────────────────────────────────────────

    def _flush(self) -> None:
        """The batch: durable, understood, and in its place; or let go, for nothing may be written."""
        arrivals, self._batch = list(self._batch.values()), {}
        self._imported.refusal = self._imported.refusal or (self._terms.refusal() if arrivals else None)
        if not arrivals or self._imported.refusal:
            return
        with self._archive.together():
            written = [self._appended(arrival) for arrival in arrivals]
        fresh = [arrival.past for arrival in arrivals if arrival.capture is None]
        self._imported.taken += len(fresh)
        self._imported.doubtful += sum(past.is_doubtful for past in fresh)
        understood = self._terms.understand([arrival.answer for arrival in arrivals])
        told = [_told(arrival, each) for arrival, each in zip(written, understood, strict=True)]
        for visit in _Settling(self._archive, self._terms.understand, self._terms.compare).settle(told):
            self._imported.outcomes[visit.outcome] += 1
        self._terms.tell(self._imported)

    def _appended(self, arrival: _Arrival) -> _Arrival:
        if arrival.capture:
            return arrival
        exchange, original = arrival.past.exchange, arrival.original
        capture = self._archive.append_past(exchange, original=original, notes=self._notes(arrival))
        return replace(arrival, capture=capture)

    def _notes(self, arrival: _Arrival) -> list[tuple[str, str]]:
        past = arrival.past
        said = [
            ("visit", arrival.visit_id),
            ("role", arrival.answer.role),
            ("import-file", one_line(self._path.name)),
            ("import-entry", past.entry),
            ("import-sha256", self._imported.sha256),
            ("import-record", one_line(past.record_id)),
            ("import-offset", str(past.offset)),
        ]
        return [(name, value) for name, value in said if value]


def _belong(past: Past, asked: Asked) -> bool:
    return past.record_id in asked.answers or asked.record_id in past.requests


def _is_redacted(reading: Reading, exchange: Exchange) -> bool:
    """Whether this very capture, or everything at its URL, was taken out for good."""
    if reading.closed([exchange.url]):
        return True
    return any(gone.captured_at == exchange.started_at for gone in reading.redactions_of(exchange.url))


# ── judge, keep, rule, note ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """A capture with its visit, and the article that it tells, if any."""

    capture: Capture
    visit: Visit
    article: Article | None


def _told(arrival: _Arrival, understood: Understood) -> _Told:
    capture, article = arrival.capture, understood.article
    if capture is None:
        raise TypeError("an arrival is appended before it is understood")
    visit = Visit(
        visit_id=arrival.visit_id,
        url=capture.url,
        visited_at=capture.captured_at,
        role=arrival.answer.role,
        outcome=understood.outcome,
        reason=understood.reason,
        status=capture.status,
        capture=capture.record_id,
        article=article.canonical_url if article else None,
        aliases=understood.aliases if article else (),
    )
    return _Told(capture=capture, visit=visit, article=article)


class _Settling:
    """The articles of one batch being put into their history."""

    def __init__(self, archive: Writer, understand: Understand, compare: Compare) -> None:
        self._archive = archive
        self._understand = understand
        self._compare = compare
        self._readings: dict[str, Article | None] = {}  # by capture: what today's extractor makes of it

    def settle(self, told: Sequence[_Told]) -> list[Visit]:
        """Keep what is a revision, rule on those that are another now, note the visits; these, as they came out."""
        self._readings |= {each.capture.record_id: each.article for each in told if each.article}
        while True:
            with self._archive.together(), self._archive.reading() as reading:
                # Nobody else writes while the transaction lasts, so what is read here stays so.
                plan = _Plan(reading, told, self._compare, self._readings)
                if not plan.needed:
                    return self._carried_out(plan)
            self._read(plan.needed)

    def _carried_out(self, plan: "_Plan") -> list[Visit]:
        """In this order: killed in the midst of it, what recovery takes in is judged again when the import goes on."""
        now, visits = datetime.now(UTC), plan.visits()
        self._archive.rule(plan.rulings(now=now))
        promoted: list[Ruling] = []
        for each, article, verdict, is_copy in plan.kept():
            capture, changed = each.telling.capture, each.facts_changed
            kept = self._archive.keep_past(article, capture, verdict=verdict, is_copy=is_copy, facts_changed=changed)
            if plan.was_unchanged(capture):
                promoted.append(_promotion(kept, now))
        for visit in visits:
            self._archive.note(visit)
        self._archive.rule(promoted)
        return visits

    def _read(self, needed: Iterable[str]) -> None:
        """Have the pages of these captures read by today's extractor."""
        with self._archive.reading() as reading:
            captures = reading.captures_with("record_id", set(needed))
        answers = {capture.record_id: answer for capture in captures if (answer := self._answer(capture))}
        found = self._understand(list(answers.values())) if answers else ()
        self._readings |= dict.fromkeys(needed)
        self._readings |= {each: what.article for each, what in zip(answers, found, strict=True)}

    def _answer(self, capture: Capture) -> Answer | None:
        try:
            head, body = self._archive.payload(capture)
        except Damaged:
            return None  # for `verify` to report; what was said of it stays
        return Answer(url=capture.url, status=200, truncated=None, head=head, body=body)


class _Plan:
    """What a batch makes of the articles it touches: pure, of what the catalog holds."""

    def __init__(
        self,
        reading: Reading,
        told: Sequence[_Told],
        compare: Compare,
        readings: Mapping[str, Article | None],
    ) -> None:
        self.needed: set[str] = set()
        self._told = [_unless_redacted(reading, each) for each in told]
        self._judged: dict[str, dict[str, Judged]] = {}  # by article, by capture
        self._ruled: dict[str, Ruling] = {}
        self._brought: dict[str, str] = {}  # by capture: what the visits of before came to
        by_article: dict[str, list[_Told]] = {}
        for each in self._told:
            if each.article:
                by_article.setdefault(each.article.canonical_url, []).append(each)
        for article, arrived in by_article.items():
            known = self._known(reading, article, {each.capture.record_id for each in arrived})
            # A capture whose text was kept, and whose visit a dead writer took with it, is known and arrives again.
            there = {each.capture.record_id for each in known}
            fresh = _tellings(each for each in arrived if each.capture.record_id not in there)
            judged, needed = judge(known, fresh, compare, readings)
            self._judged[article] = {each.telling.capture.record_id: each for each in judged}
            self.needed |= needed
        if not self.needed:
            self._others = self._elsewhere(reading)
            self._first = self._told_first()
            self._ruled = reading.rulings_on({*self._judged, *(each.article for each in self._others)})

    def _known(self, reading: Reading, article: str, late: set[str]) -> list[Telling]:
        kept = reading.revisions_with("canonical_url", [article])
        visits = {each.capture: each for each in reading.visits_with("article", [article]) if each.capture}
        self._brought |= {each: visit.outcome for each, visit in visits.items()}
        with_text = {each.capture for each in kept}
        unchanged = {each for each, visit in visits.items() if visit.outcome == "unchanged"} - with_text
        captures = reading.captures_with("record_id", with_text | unchanged)
        return tellings_of(kept, unchanged, {each.record_id: each for each in captures}, late)

    def _elsewhere(self, reading: Reading) -> list[Revision]:
        """What other articles hold of the texts that these tell."""
        texts = {each.telling.sha256 for judged in self._judged.values() for each in judged.values()}
        held = reading.revisions_with("sha256", texts)
        return [each for each in held if each.article not in self._judged and each.verdict != "superseded"]

    def _told_first(self) -> dict[str, str]:
        """By text: the article that told it first, by the dates of the captures."""
        told = [(each.captured_at, each.article, each.sha256) for each in self._others]
        for article, judged in self._judged.items():
            standing = (each.telling for each in judged.values() if each.kind)
            told += [(each.capture.captured_at, article, each.sha256) for each in standing]
        return {sha256: article for _, article, sha256 in sorted(told, reverse=True)}

    def kept(self) -> Iterator[tuple[Judged, Article, Verdict, bool]]:
        """The tellings that become conversions, oldest first, each with verdict and whether it is a copy."""
        found = [
            (each, replace(each.telling.article, canonical_url=article), *self._verdict(article, each))
            for article, judged in self._judged.items()
            for each in judged.values()
            if each.kind and each.telling.article
        ]
        yield from sorted(found, key=lambda each: each[0].telling.at)

    def was_unchanged(self, capture: Capture) -> bool:
        """Whether a visit of before brought this capture, and its text was no news then."""
        return capture.record_id in self._brought

    def _verdict(self, article: str, judged: Judged) -> tuple[Verdict, bool]:
        is_copy = self._first.get(judged.telling.sha256, article) != article
        kind: Verdict = judged.kind or "facts"
        return ("copy" if is_copy and kind == "new" else kind), is_copy

    def visits(self) -> list[Visit]:
        """The visits of the batch, each with what it came to."""
        return [replace(each.visit, outcome=self._outcome(each)) for each in self._told]

    def _outcome(self, told: _Told) -> Outcome:
        if told.article is None:
            return told.visit.outcome
        article = told.article.canonical_url
        judged = self._judged[article][told.capture.record_id]
        verdict, _ = self._verdict(article, judged)
        return "unchanged" if judged.kind is None or verdict == "facts" else verdict

    def rulings(self, *, now: datetime) -> list[Ruling]:
        """A word on each revision that is no longer what it was."""
        return [*self._on_these(now), *self._on_others(now)]

    def _on_these(self, now: datetime) -> Iterator[Ruling]:
        for article, judged in self._judged.items():
            for each in judged.values():
                revision = each.telling.revision
                if revision is None:
                    continue
                if each.kind is None:
                    ruling = self._ruling(revision, now)
                else:
                    verdict, is_copy = self._verdict(article, each)
                    ruling = replace(
                        self._ruling(revision, now),
                        verdict=verdict,
                        copy_of=revision.pressmark if is_copy else None,
                        facts_changed=each.facts_changed,
                    )
                if _says_more(ruling, revision) or self._lags(ruling, revision):
                    yield ruling

    def _lags(self, ruling: Ruling, revision: Revision) -> bool:
        """Whether the visit does not yet say what its revision is: a writer died between the two."""
        said = self._brought.get(revision.capture)
        return said is not None and said != OUTCOME_NOW[ruling.verdict]

    def _on_others(self, now: datetime) -> Iterator[Ruling]:
        """Whether a text of another article is a copy now, or is one no more."""
        for revision in self._others:
            is_copy = self._first[revision.sha256] != revision.article
            verdict = revision.verdict
            if verdict in ("new", "copy"):
                verdict = "copy" if is_copy else "new"
            ruling = replace(
                self._ruling(revision, now),
                verdict=verdict,
                copy_of=revision.pressmark if is_copy else None,
                facts_changed=revision.facts_changed,
            )
            if _says_more(ruling, revision):
                yield ruling

    def _ruling(self, revision: Revision, now: datetime) -> Ruling:
        """That it is no revision any more; later than any word before it, whatever the clock says."""
        before = self._ruled.get(revision.record_id)
        ruled_at = max(now, before.ruled_at + timedelta(microseconds=1)) if before else now
        return Ruling(revision=revision.record_id, ruled_at=ruled_at, reason="import", verdict="superseded")


def _promotion(kept: Revision, now: datetime) -> Ruling:
    """A word on a revision whose capture had been unchanged: it is what tells the visit of before."""
    return Ruling(
        revision=kept.record_id,
        ruled_at=now,
        reason="import",
        verdict=kept.verdict,
        copy_of=kept.copy_of,
        facts_changed=kept.facts_changed,
    )


def _says_more(ruling: Ruling, revision: Revision) -> bool:
    if ruling.verdict == revision.verdict == "superseded":
        return False
    said = (ruling.verdict, ruling.copy_of, ruling.facts_changed)
    return said != (revision.verdict, revision.copy_of, revision.facts_changed)


def _tellings(told: Iterable[_Told]) -> list[Telling]:
    return [
        Telling(capture=each.capture, sha256=each.article.sha256, facts=each.article, article=each.article)
        for each in told
        if each.article
    ]


def _unless_redacted(reading: Reading, told: _Told) -> _Told:
    """An article or text that was taken out for good is not kept again."""
    if told.article is None:
        return told
    if not (reading.closed([told.article.canonical_url]) or reading.redacted_texts(told.article.sha256)):
        return told
    visit = replace(told.visit, outcome="refused", reason="redacted", article=None, aliases=())
    return replace(told, visit=visit, article=None)
