"""Everything that an archive may hold, by chance: for tests that make it anew and look for a difference.

As a program it writes a part of it and is killed: python -c "from tests.archive.chronicle import main; main()" …
"""

import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive import Writer, open_writer
from archive.importing import Answer, Terms, Understood, import_warc
from archive.records import Page, Revision, Role, Ruling, Site, Standing, Verdict
from tests.archive.pages import HARBOUR, article, exchange, later, not_modified, page, visit

_URLS = 40  # pages that come again and again


class Chronicle:
    """One writer's part of it. seed: the same one writes the same."""

    def __init__(self, archive: Writer, seed: str) -> None:
        self._archive = archive
        self._seed = seed
        self._chance = random.Random(seed)  # noqa: S311
        self._hours = 0
        self.captures = 0

    def write(self, captures: int) -> None:
        """So many captures, and all else that comes with them."""
        while self.captures < captures:
            if self._chance.random() < 0.3:
                self._hours += 1
                self._chance.choice((Chronicle.arrival, Chronicle.next_file, Chronicle.memory))(self)
            with self._archive.together():
                for _ in range(self._chance.randrange(20)):
                    self._hours += 1
                    self._chance.choice(_EVENTS)(self)

    @property
    def _at(self) -> datetime:
        # Few moments for many captures: some come at the same one, as an import's do.
        return later(self._hours // 2)

    def _url(self) -> str:
        return f"{HARBOUR}/{self._chance.randrange(_URLS)}"

    def _text(self) -> str:
        return f"Number {self._chance.randrange(60)} of {self._chance.randrange(3)}."

    def failure(self) -> None:
        reason = self._chance.choice(("dns", "timeout", "http-503", "robots"))
        self._archive.note(visit(url=self._url(), reason=reason, at=self._at))

    def poll(self) -> None:
        roles: tuple[Role, ...] = ("feed", "robots", "front", "sitemap")
        role = self._chance.choice(roles)
        url = f"https://harbour-post.example/{role}"
        [capture] = self._archive.append(page(os.urandom(90), url=url, at=self._at), [("role", role)])
        self.captures += 1
        self._archive.note(replace(visit(capture.record_id, url=url, at=self._at), role=role))

    def redirect(self) -> None:
        moved = exchange(b"", url=f"http://old.example/{self._hours}", status="301 Moved", at=self._at)
        there = exchange(self._text().encode(), url=self._url(), at=self._at)
        self.captures += len(self._archive.append(Page(exchanges=(moved, there))))

    def again(self) -> None:
        """Nothing new: a revisit, or a 304."""
        url = self._url()
        came = self._chance.choice((not_modified(url, at=self._at), page(b"the same", url=url, at=self._at)))
        [capture] = self._archive.append(came)
        self.captures += 1
        told = visit(capture.record_id, url=url, at=self._at, article=url)
        self._archive.note(replace(told, outcome="unchanged"))

    def truncated(self) -> None:
        self._archive.append(page(os.urandom(50), url=self._url(), at=self._at, truncated="length"))
        self.captures += 1

    def text(self) -> None:
        """An article: new, revised, a copy, or the same text with other facts."""
        url, text = self._url(), self._text()
        [capture] = self._archive.append(page(text.encode(), url=url, at=self._at))
        self.captures += 1
        with self._archive.reading() as reading:
            latest = reading.latest(url)
        told = replace(article(text, url=url), authors=(self._chance.choice(("Lena Aho", "Øyvind Å. Berg")),))
        same = latest is not None and self._archive.article(latest).text == told.text
        verdict: Verdict = "new" if latest is None else "facts" if same else "revised"
        brought = visit(capture.record_id, url=url, at=self._at, article=url)
        after = latest.record_id if latest else None
        self._archive.keep(told, brought, verdict=verdict, after=after, facts_changed=("authors",) if same else ())

    def ruling(self) -> None:
        for revision in self._some_revisions(2):
            verdicts: tuple[Standing, ...] = ("revised", "new", "superseded")
            verdict = self._chance.choice(verdicts)
            at = datetime.now(UTC) + timedelta(seconds=self._chance.randrange(9))
            told = Ruling(revision=revision.record_id, ruled_at=at, reason="import", verdict=verdict)
            self._archive.rule([told, replace(told, ruled_at=at + timedelta(seconds=1), facts_changed=("headline",))])

    def reextraction(self) -> None:
        for revision in self._some_revisions(1):
            told = replace(self._archive.article(revision), paragraphs=("Read anew.", self._text()))
            now = datetime.now(UTC)
            with self._archive.together():
                self._archive.keep_again(told, revision, verdict="revised")
                self._archive.rule(
                    [Ruling(revision=revision.record_id, ruled_at=now, reason="reextract", verdict="superseded")]
                )

    def memory(self) -> None:
        site = f"{self._chance.randrange(5)}.example"
        with self._archive.reading() as reading:
            before = reading.site(site)
        number = before.number + 1 if before else 1
        self._archive.remember(Site(site=site, number=number, learned_at=self._at, memory={"lines": [self._text()]}))

    def arrival(self) -> None:
        """What another archive has closed, imported."""
        path = self._archive.root.with_name(f"from-{self._seed}-{self._hours}")
        with open_writer(path) as other:
            for n in range(3):
                other.append(page(self._text().encode(), url=f"{self._url()}/i{n % 2}", at=later(self._hours + n)))
        [warc] = path.rglob("*.warc.gz")
        terms = Terms(understand=_understand, compare=lambda *_: ())
        self.captures += import_warc(self._archive, warc, terms).taken

    def journal(self) -> None:
        self._archive.journal()

    def next_file(self) -> None:
        self._archive.close_warc()

    def _some_revisions(self, count: int) -> list[Revision]:
        with self._archive.reading() as reading:
            standing = reading.revisions_of(self._url())
        return self._chance.sample(standing, min(count, len(standing)))


def _understand(answers: Sequence[Answer]) -> list[Understood]:
    told = [article(each.body.decode(), url=each.url) for each in answers]
    return [Understood(outcome="new", article=each, aliases=(each.url,)) for each in told]


# What happens inside a transaction; more often stands there more often.
_EVENTS: tuple[Callable[[Chronicle], None], ...] = (
    *[Chronicle.text] * 8, *[Chronicle.again] * 4, *[Chronicle.failure] * 3, *[Chronicle.poll] * 2,
    Chronicle.redirect, Chronicle.truncated, Chronicle.ruling, Chronicle.reextraction, Chronicle.journal,
)  # fmt: skip


def kinds(rows: Sequence[str]) -> Counter[str]:
    """How many rows a dump has of each table."""
    return Counter(row.partition('"table": "')[2].partition('"')[0] for row in rows)


def main() -> None:
    """root, catalog ("" for the folder's own), seed, captures: written, and then killed without a word."""
    root, catalog, seed, captures = sys.argv[1:5]
    archive = open_writer(Path(root), catalog=catalog or None)
    Chronicle(archive, seed).write(int(captures))
    os.kill(os.getpid(), signal.SIGKILL)
