"""Why a page holds no article: what its text and its markup show it to be instead."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from archive.records import count_words
from scraper import urls
from scraper.extract.blocks import upwards
from scraper.extract.facts import Facts, site_of
from scraper.extract.form import Line, bare, folded
from scraper.extract.notices import is_demand, is_missing_notice, is_offer, is_wall_notice, wants_script

FEW: Final = 60  # words; a wall or a shell has no more
_SHELL_IDS: Final = frozenset(("root", "app", "__next", "__nuxt", "___gatsby", "react-root", "svelte"))
_SHELL_STATES: Final = (b"self.__next_f", b"__NEXT_DATA__", b"__NUXT__", b"__APOLLO_STATE__", b"__INITIAL_STATE__")
_MOST_OF_A_NOTICE = 150  # words; what says no more than that a page is gone
_MOST_OF_A_WALL = 400  # words; what mostly asks for consent
_SENTENCE = 15  # words of a line that is an article's beginning
_PROSE = 20  # words of a paragraph that is more than a hint where to look
_FEW_BESIDE = 30  # words that a page says beside its wish for scripts or consent
_LOOKED_AT = 4_000  # characters of a page without a text
_FEWEST_CARDS = 6
_MOST_CARDS = 200  # that are looked at
_MOST_STEPS = 10  # from a linked headline up to its card
_LONGEST_TEASER = 100  # words of a card, on average
_ONE_TEXT = 250  # words; a page at a site's root that has so many, and no cards, is no front
_LINKED_HEADS = ", ".join(f"h{rank} a[href], a[href] h{rank}" for rank in range(1, 5))
WORDS_FOR: Final = {  # each reason's
    "empty": "the response has no body",
    "front": "the page is a front: a list of articles",
    "list": "the page is a list of articles: of a section, a theme, an author or a search",
    "soft-404": "the page says that there is nothing at this address, though its status is 200",
    "needs-javascript": "the page has no text until a browser runs its scripts",
    "wall": "the page shows a wall (consent, login or a check for robots) instead of an article",
    "no-text": "the page has no text that reads as an article",
}


def words_of(lines: Iterable[Line]) -> int:
    """The words of all lines."""
    return sum(line.words for line in lines)


def why_none(
    lines: Sequence[Line],
    facts: Facts,
    url: str,
    *,
    words: int,
    whole: Callable[[], LexborHTMLParser | None],
    page: bytes,
) -> str | None:
    """Why the page holds no article: the reason's word; None when it holds one.

    lines, words: what was read as its text; whole: makes a tree of the page, or None where no parser bears it; page:
    its bytes, in UTF-8.
    """
    if facts.is_article and not facts.is_front and words >= 2 * FEW:
        return None
    tree = whole()
    if _is_front(lines, facts, tree, url):
        return "front"
    heads = _heads(lines if words < FEW else (), facts, tree, url)
    is_little = words < _MOST_OF_A_NOTICE and _is_little(lines, tree, url)
    if is_little and not _is_signed(facts) and heads.say(is_missing_notice):
        return "soft-404"
    if wall := _wall_in(lines, words, facts, tree):
        return wall
    if is_little and not facts.is_article and heads.say(is_wall_notice):
        return "wall"
    if tree is None:
        return None if lines else "no-text"
    if not facts.is_article and _is_list(lines, words, tree, url):
        return "list"
    return None if _is_enough(lines, words, facts) else _why_no_text(tree, page)


def _wall_in(lines: Sequence[Line], words: int, facts: Facts, tree: LexborHTMLParser | None) -> str | None:
    """What a text asks for, instead of being one."""
    if words >= _MOST_OF_A_WALL:
        return None
    if words < FEW and _is_most(words_of(line for line in lines if not wants_script(line.text)), words):
        return "needs-javascript"
    demands = [line for line in lines if is_demand(line.text)]
    others = [line for line in lines if line not in demands and not is_offer(line.text)]
    left = words_of(others)
    if not demands and (left == words or any(line.words >= _SENTENCE for line in others)):
        # Above the offer of a subscription stands an article's beginning; or all that the page prints, in one line.
        asked = sum(map(count_words, _asked_in(tree, lines))) if words < FEW else 0
        return "wall" if _is_most(words - asked, words) else None
    is_short = words < _fewest_before_a_wall(facts) and left < FEW
    is_long = left * 2 < words and (left < _FEW_BESIDE or not facts.is_article)
    return "wall" if left < words and (is_short or is_long) else None


def _is_most(beside: int, words: int) -> bool:
    """Whether a text says little beside its notice."""
    return beside < min(words, _FEW_BESIDE)


def _asked_in(tree: LexborHTMLParser | None, lines: Iterable[Line]) -> list[str]:
    """What the page's pieces ask for; of lines: only those that stand in one."""
    said = "\n".join(line.text for line in lines)
    return [piece for piece in _pieces(tree) if piece in said and is_demand(piece)]


def _pieces(tree: LexborHTMLParser | None) -> list[str]:
    said = tree.body.text(separator="\n")[:_LOOKED_AT] if tree and tree.body else ""
    return [folded(piece) for piece in said.split("\n")]


def _is_enough(lines: Sequence[Line], words: int, facts: Facts) -> bool:
    return words >= FEW or bool(words and facts.is_article) or any(line.words >= 8 for line in lines)


def _why_no_text(tree: LexborHTMLParser, page: bytes) -> str:
    if _is_shell(tree, page):
        return "needs-javascript"
    return "wall" if any(is_demand(piece) or is_offer(piece) for piece in _pieces(tree)) else "no-text"


def _fewest_before_a_wall(facts: Facts) -> int:
    """Words that make an article in spite of a wall below them; of what is stated to be open no wall is believed."""
    if not facts.is_article:
        return 2 * FEW
    return FEW if facts.terms.is_paid else 0


def _is_shell(tree: LexborHTMLParser, page: bytes) -> bool:
    if any(wants_script(node.text()) for node in tree.css("noscript")):
        return True
    mounts = any(node.id in _SHELL_IDS for node in tree.css("div[id]"))
    return (mounts and b"<script" in page) or any(state in page for state in _SHELL_STATES)


# ── headings that are notices ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Heads:
    """What a page is headed by, and what its outlet is called, bare."""

    headings: Sequence[str]
    title: str
    outlets: Collection[str]

    def say(self, is_notice: Callable[..., bool]) -> bool:
        """Whether one of them is nothing but such a notice."""
        if any(is_notice(heading, self.outlets) for heading in self.headings):
            return True
        return is_notice(self.title, self.outlets, is_title=True)


def _heads(first: Sequence[Line], facts: Facts, tree: LexborHTMLParser | None, url: str) -> _Heads:
    """The headlines, the headings and, of a very short text, its first lines.

    An <h2> only where no <h1> says more than the outlet's name.
    """
    host = site_of(url)
    outlets = {bare(name) for name in (*facts.outlets, host, urls.registrable(host).partition(".")[0]) if name}
    said = [*facts.headlines, *(line.text for line in first[:2])]
    title = ""
    if tree is not None:
        mains = [text for node in tree.css("h1")[:6] if bare(text := folded(node.text())) not in outlets]
        said += mains or [folded(node.text()) for node in tree.css("h2")[:6]]
        title = folded(node.text()) if (node := tree.css_first("title")) else ""
    return _Heads(said, title, outlets)


def _is_little(lines: Sequence[Line], tree: LexborHTMLParser | None, url: str) -> bool:
    """Whether a text holds less prose than an article: paragraphs of 20 words that are no teasers of other pages."""
    prose = sum(line.words for line in lines if line.kind == "paragraph" and line.words >= _PROSE)
    return prose < FEW or (tree is not None and len(_cards(tree, url)) >= _FEWEST_CARDS // 2)


def _is_signed(facts: Facts) -> bool:
    """Whether the page declares when its article was published, as none declares of what is missing."""
    is_dated = facts.origins.get("published") in ("json-ld", "meta")
    return is_dated and (facts.is_article or bool(facts.authors))


# ── lists of articles ────────────────────────────────────────────────────────────────────────────────────────────────


def _is_front(lines: Sequence[Line], facts: Facts, tree: LexborHTMLParser | None, url: str) -> bool:
    """What declares itself one, and what stands at a site's root; but some sites are one text, and it stands there."""
    if not facts.is_front or tree is None or facts.terms.og_type == "article":
        return facts.is_front
    prose = sum(line.words for line in lines if line.kind == "paragraph")
    return prose < _ONE_TEXT or len(_cards(tree, url)) >= _FEWEST_CARDS // 2


def _is_list(lines: Sequence[Line], words: int, tree: LexborHTMLParser, url: str) -> bool:
    """Whether the page is cards, several short texts each with a headline that is a link, and little else."""
    cards = [bare(card.text(separator=" ")) for card in _cards(tree, url)]
    if len(cards) < _FEWEST_CARDS or sum(map(count_words, cards)) > _LONGEST_TEASER * len(cards):
        return False
    said = "\n".join(cards)
    inside = sum(line.words for line in lines if bare(line.text) in said)
    return inside * 3 >= words * 2 and words - inside < FEW


def _cards(tree: LexborHTMLParser, url: str) -> list[LexborNode]:
    """Around each headline that leads to another page of the publisher, the largest element with no second one."""
    around: list[list[LexborNode]] = []
    for node in tree.css(_LINKED_HEADS)[:_MOST_CARDS]:
        path = list(islice(upwards(node), _MOST_STEPS))
        link = next((each for each in path if each.tag == "a"), None)
        target = urls.join(url, (link.attributes.get("href") if link else None) or "")
        if target and target.partition("#")[0] != url.partition("#")[0] and urls.same_publisher(url, target):
            around.append(path)
    held = Counter(node.mem_id for path in around for node in path)
    cards = (next((node for node in reversed(path) if held[node.mem_id] == 1), None) for path in around)
    return [card for card in cards if card is not None]
