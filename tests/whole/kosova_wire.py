"""The Kosova Wire with as many stories as it takes to learn a site, in either of its layouts."""

from dataclasses import replace

from scraper.demo import Asked, Press, Story, page, told
from scraper.demo.answers import Answer
from scraper.demo.listings import rss
from scraper.demo.pages import Moment, article
from scraper.demo.stories import PAPERS, Block

PAPER = PAPERS["kosova-wire.example"]
FEED = f"{PAPER.front}voyages/feed/"
SOURCE = {"name": PAPER.name, "feeds": [FEED]}
REDESIGNED = PAPER.redesigned or 0
SHIPS = ("Aurora", "Bertha", "Cecilia", "Dorothea", "Emilia", "Frida", "Greta", "Hilda", "Ingrid", "Johanna")


def voyage(number: int, *, extra: str = "", authors: tuple[str, ...] = ()) -> Story:
    """The story of that number; no two share a paragraph.  extra: one paragraph more."""
    name = f"voyage-{number}"
    url = f"{PAPER.front}2026/11/18/{name}-of-the-{SHIPS[number % 10].lower()}/"
    texts = [
        f"On day {day} of voyage number {number} the {SHIPS[number % 10]} carried {day * 31 + number} travellers past "
        f"the lighthouse of Tarn, and its captain wrote {day + number} lines about the weather of that night into the "
        f"log, which the harbour master of Port Selna reads aloud every {day + 2} weeks."
        for day in range(1, 7)
    ]
    blocks = tuple(Block(kind="paragraph", markup=text) for text in (*texts, *([extra] if extra else [])))
    known = told("border-call", 1)
    headline = f"Voyage {number} of the {SHIPS[number % 10]} ended in good weather"
    return replace(known, name=name, url=url, canonical=url, headline=headline, blocks=blocks, authors=authors)


class Wire:
    """What the paper has printed so far."""

    def __init__(self, press: Press) -> None:
        self._press = press
        self._stories: dict[str, Story] = {}
        press.add(FEED, self._feed)

    def print(self, *stories: Story) -> None:
        """Put these stories up, or in the place of those at the same address."""
        for story in stories:
            self._stories[story.url] = story
            self._press.add(story.url, self._page)

    @property
    def stories(self) -> tuple[Story, ...]:
        return tuple(self._stories.values())

    def _page(self, asked: Asked) -> Answer:
        moment = Moment(edition=self._press.edition, hits=len(self._press.requests))
        return page(article(PAPER, self._stories[asked.url], moment))

    def _feed(self, _asked: Asked) -> Answer:
        return rss(PAPER, self.stories)
