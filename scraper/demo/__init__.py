"""The sample newspaper: five small sites and a rough sea of broken pages, written for this project.

`pressmark demo` runs against it, and so does every test that needs a server:

    def test_…(press):                          # the fixture in tests/conftest.py: a running Press
        fetch("http://caspian-ledger.example/post/pilots-call-off-strike", connect_to=press.pins)
        press.edition = 2                       # the papers move on, as the table below says
        assert press.requests[-1].path == "/post/pilots-call-off-strike"

**A page for one test**: `press.add(url, answer)`, where answer is an `Answer` or a function from `Asked` to one.
`page("<html>…")` makes an HTML answer, `moved(location)` a redirect; `Answer(headers=…, body=…, cut=…, head=…)` says
every byte.  Any host will do: `press.pins` names it from then on.

**A story for everyone**: a text file in stories/ (its format stands in stories.py).  It appears on its paper's front,
in its feeds and sitemaps, and in `ARTICLES`.  A new host needs a `Paper` in stories.py, a layout in layouts/ and its
listings in newspaper.py.

**The truth**: `ARTICLES` holds each story of edition 1 with the exact clean text wanted: `story.url`, `.headline`,
`.paragraphs`, `.text`, `.authors`, `.published`, `.language`; `story.at(2)` is the same story an edition later.
`OUTCOMES` says what fetching each troubled page must come to.

What changes with the edition:

    2  harbour-tunnel gains a paragraph; interview gains an author; desalination only a later `modified`;
       storm-warning appears; every related box turns
    3  harbour-tunnel has a new headline and another last paragraph; tanker-fine answers 410
    4  kosova-wire has a new layout, and not a word of it changed

pilots-copy is the same text as pilots-strike on another site (with a canonical link to it that must not be believed),
pilots-near-copy has one paragraph more.  View counters change with every request.
"""

from scraper.demo.answers import Answer, Asked, moved, page
from scraper.demo.newspaper import ARTICLES, HOSTS, SITES, SOURCES, respond
from scraper.demo.server import Press
from scraper.demo.stories import Paper, Story, edition_of, stories, told
from scraper.demo.troubles import OUTCOMES

__all__ = [
    "ARTICLES",
    "HOSTS",
    "OUTCOMES",
    "SITES",
    "SOURCES",
    "Answer",
    "Asked",
    "Paper",
    "Press",
    "Story",
    "edition_of",
    "moved",
    "page",
    "respond",
    "stories",
    "told",
]
