"""The entries of a live blog, in the order of the page, each once.

An entry is one of several like elements beside each other that each hold a time, or that JSON-LD's liveBlogUpdate names
by its address or its headline. Its headline becomes a subhead; its time and its author are no part of the text.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from archive.records import count_words
from scraper import urls
from scraper.extract.blocks import upwards
from scraper.extract.boilerplate import printed_lines
from scraper.extract.facts.terms import Terms, Update
from scraper.extract.form import Kind, Line, bare, folded
from scraper.extract.lines import is_prose

_MOST_MARKS = 4_000
_MOST_STEPS = 12  # from a time up to its entry and the entries' container
_MOST_ABOVE = 60  # elements around the container
_MOST_TRIED = 20  # containers
_WORDS = 12  # of an entry, on average; what has less is a list of headlines
_DEEPEST = 80  # elements within an entry
_DECLARED, _SAID = 3, 5  # entries that make a live blog of a page that declares itself one, or whose words do
_LIVE_WORDS: Final = frozenset(
    "live liveblog liveblogg liveticker livestream liveupdate liveupdates livetext liveuppdatering newsticker ticker"
    " direct diretta vivo minuto direkte żywo zywo relacja canlı canli onlayn onlain онлайн наживо хроника хроніка"
    " трансляция hronika khronika živě zive مباشر לייב".split()
)
_LIVE_SIGNS: Final = ("速報", "ライブ", "直播", "实时", "라이브", "실시간")  # no space parts words
_WORD = re.compile(r"[^\W\d_]+")
_TIMES = (
    "time, [datetime], [data-timestamp], [data-time], [data-post-time], [itemprop=datePublished], [class*=timestamp]"
)
_HEADING_LINKS = "h2 a[href], h3 a[href], h4 a[href], a[href] h2, a[href] h3, a[href] h4"
_CLOCKS = "[class*=time i], [class*=date i]"
_CLOCK = re.compile(r"\W{0,3}(?:[^\W\d]{1,12}\W{1,3}){0,3}\d{1,2}[:.h]\d\d\b")
_ELSEWHERE = re.compile(
    r"(?:^|[\s_-])(?:comments?|disqus|related|recommend\w*|sidebar|most-?read|newsletter|promo\w*|footer|nav\w*|menu"
    r"|carousel|teasers?)(?=$|[\s_-])",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"(?:^|[\s_-])(?:share|sharing|social|author|byline|caption|credits?|timestamp|related|newsletter|promo|advert\w*"
    r"|ad|ads|toolbar|tags|comments?|read-?more|breadcrumbs?|sr-only|visually-hidden|key-?(?:events?|moments?))"
    r"(?=$|[\s_-])|[a-z](?:Caption|Author|Byline|Share)\b",
    re.IGNORECASE,
)
_EMBEDDED = re.compile(r"(?:twitter-tweet|instagram-media|tiktok-embed|bluesky-embed|fb-post)\b")
_ADDRESS = re.compile(r"https?://\S+")
_UNREAD: Final = frozenset(
    "script style noscript template svg button form nav aside footer iframe figure figcaption picture video audio"
    " select object canvas input textarea time".split()
)
_BLOCKS: Final = frozenset(
    "address article blockquote center dd details div dl dt fieldset h1 h2 h3 h4 h5 h6 header hr li main ol p pre"
    " section summary table tbody tr ul".split()
)
_KINDS: Final[dict[str, Kind]] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "subhead"),
    "p": "paragraph",
    "li": "list",
    "blockquote": "quote",
    "tr": "row",
}
_BREAK = "\x1e"  # no page that was made light has one
_PARTED = re.compile(rf"{_BREAK}\s*{_BREAK}[\s{_BREAK}]*+")
_TEXTS: Final = frozenset("p h2 h3 h4 h5 li blockquote".split())


def may_be_live(kind: str, url: str, headline: str | None) -> bool:
    """Whether it is worth to look for entries: a page that is declared to be a live blog, or whose address or headline
    has a word for one.
    """
    if kind == "live-blog":
        return True
    said = f"{urls.path(url)} {headline or ''}".lower()
    return not _LIVE_WORDS.isdisjoint(_WORD.findall(said)) or (
        not said.isascii() and any(sign in said for sign in _LIVE_SIGNS)
    )


def live_lines(tree: LexborHTMLParser, terms: Terms, url: str, headline: str | None) -> list[Line]:
    """What stands above the entries of a live blog, and the entries; [] when the page is none that can be read.

    tree: the whole page; terms: as it declares them; headline: as it is known so far.
    """
    if not may_be_live(terms.kind, url, headline):
        return []
    fewest = _DECLARED if terms.kind == "live-blog" else _SAID
    entries = _entries(tree, terms.updates, fewest)
    if not entries:
        return _stated(terms.updates) if len(terms.updates) >= fewest else []
    told = {line.bare for _, lines in entries for line in lines}
    return [*_intro(entries[0][0], told), *_once(lines for _, lines in entries)]


def _stated(updates: Iterable[Update]) -> list[Line]:
    """The entries as JSON-LD has them, of a page whose own are not in its markup."""
    return list(
        _once(
            [*([Line("subhead", each.headline)] if each.headline else []), *printed_lines(each.body)]
            for each in updates
            if each.body
        )
    )


# ── which elements are entries ───────────────────────────────────────────────────────────────────────────────────────


_Entry = tuple[LexborNode, list[Line]]  # its element, its lines
_Row = tuple[LexborNode, list[LexborNode]]  # a container, its children that hold a mark


def _entries(tree: LexborHTMLParser, updates: tuple[Update, ...], fewest: int) -> list[_Entry]:
    """The like elements beside each other that hold most marks of an entry, in the order of the page."""
    beside: dict[int, dict[int, LexborNode]] = defaultdict(dict)  # container → its children that hold a mark
    containers: dict[int, LexborNode] = {}
    steps: dict[int, int] = {}  # element → how many were left at most when it was passed
    for mark in _marks(tree, updates):
        node = mark
        for left in range(_MOST_STEPS, 0, -1):
            above = node.parent
            if above is None or node.tag in ("body", "html") or steps.get(node.mem_id, 0) >= left:
                break
            steps[node.mem_id] = left
            beside[above.mem_id][node.mem_id] = node
            containers[above.mem_id] = above
            node = above
    rows = [(containers[at], _alike(list(children.values()))) for at, children in beside.items()]
    known: dict[int, list[Line]] = {}

    def read(node: LexborNode) -> _Entry:
        if node.mem_id not in known:
            known[node.mem_id] = _read(node)
        return node, known[node.mem_id]

    for box, like in sorted(rows, key=lambda row: -len(row[1]))[:_MOST_TRIED]:
        if len(like) < fewest:
            break
        if not _stands_elsewhere(box) and _is_told_here([read(node) for node in like]):
            return [read(node) for other, more in _of_one_name(box, rows) for node in _whole(other, more)]
    return []


def _of_one_name(box: LexborNode, rows: list[_Row]) -> list[_Row]:
    """The container, and those of its tag and class: a page may load its entries ten by ten."""
    name = _name(box)
    return [(other, like) for other, like in rows if other.mem_id == box.mem_id or (name[1] and _name(other) == name)]


def _marks(tree: LexborHTMLParser, updates: tuple[Update, ...]) -> Iterator[LexborNode]:
    yield from tree.css(_TIMES)[:_MOST_MARKS]
    yield from (node for node in tree.css(_CLOCKS)[:_MOST_MARKS] if _CLOCK.match(node.text(strip=True)[:80]))
    places = {each.place for each in updates if each.place}
    headlines = {bare(each.headline) for each in updates if each.headline}
    if places:
        yield from (node for node in tree.css("[id]") if node.id in places)
    if headlines:
        yield from (node for node in tree.css("h2, h3, h4, h5") if bare(node.text()) in headlines)


def _alike(children: list[LexborNode]) -> list[LexborNode]:
    """Those of the commonest tag."""
    (tag, _), *_ = Counter(child.tag for child in children).most_common(1)
    return [child for child in children if child.tag == tag]


def _name(node: LexborNode) -> tuple[str | None, str]:
    """The tag and the first class: what the entries of one page share."""
    return node.tag, (node.attributes.get("class") or "").partition(" ")[0]


def _whole(box: LexborNode, entries: list[LexborNode]) -> list[LexborNode]:
    """The entries, and those beside them of the same name that hold no mark."""
    marked = {node.mem_id for node in entries}
    (name, _), *_ = Counter(map(_name, entries)).most_common(1)
    return [node for node in box.iter() if node.mem_id in marked or (name[1] and _name(node) == name)]


def _stands_elsewhere(box: LexborNode) -> bool:
    return any(
        node.tag in ("nav", "aside", "footer", "table") or _ELSEWHERE.search(_names(node)) for node in _around(box)
    )


def _around(node: LexborNode) -> Iterator[LexborNode]:
    return islice(upwards(node), _MOST_ABOVE)


def _names(node: LexborNode) -> str:
    said = node.attributes
    return f"{said.get('class') or ''} {said.get('id') or ''}"[:300]


def _is_told_here(entries: list[_Entry]) -> bool:
    """Whether most are more than teasers: enough words on average, and neither a headline nor a text that is a link."""
    words = sum(line.words for _, lines in entries for line in lines)
    teasers = sum(map(_is_teaser, (node for node, _ in entries)))
    return words >= _WORDS * len(entries) and teasers * 2 <= len(entries)


def _is_teaser(entry: LexborNode) -> bool:
    linked = sum(len(link.text()) for link in entry.css("a") if _leads_away(link))
    return linked * 2 > len(entry.text()) or any(map(_leads_away, entry.css(_HEADING_LINKS)))


def _leads_away(node: LexborNode) -> bool:
    link = next((each for each in _around(node) if each.tag == "a"), None)
    return link is not None and "#" not in (link.attributes.get("href") or "#")


# ── from an entry to its lines ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Reading:
    """Lines read so far, and the run of text that the next block boundary ends."""

    lines: list[Line] = field(default_factory=list)
    run: list[str] = field(default_factory=list)
    unread: frozenset[int] = frozenset()  # elements that are passed over
    embeds: bool = False  # whether others' posts are read, too
    until: int = 0  # the element at which to stop
    stopped: bool = False

    def close(self, kind: Kind, mark: str) -> None:
        """Ends the run: a line for each of its parts."""
        said, marks = "".join(self.run), iter((mark,))
        self.run.clear()
        if not said or said.isspace():  # between two blocks, nearly always
            return
        for part in _PARTED.split(said):
            if words := folded(part.replace(_BREAK, " ")).strip("| "):
                self.lines.append(Line(kind, words, mark if kind == "quote" else next(marks, "")))


def _read(entry: LexborNode) -> list[Line]:
    """The lines of an entry, without its own line of time and author; others' posts only where it has no more."""
    unread = frozenset(_own_line(entry))
    for embeds in (False, True):
        reading = _Reading(unread=unread, embeds=embeds)
        _walk(entry, reading, "paragraph", "", 0)
        reading.close("paragraph", "")
        if any(line.kind != "subhead" for line in reading.lines):
            break
    return [line for line in _from_headline(reading.lines) if not _ADDRESS.fullmatch(line.text)]


def _from_headline(lines: list[Line]) -> list[Line]:
    """The lines without what stands above an entry's headline, when that is no prose: time, author, label."""
    head = next((at for at, line in enumerate(lines) if line.kind == "subhead"), 0)
    above = lines[:head]
    return lines if any(is_prose(line.text, line.words) for line in above) else lines[head:]


def _own_line(entry: LexborNode) -> Iterator[int]:
    """The largest element around each time of the entry that holds no block of text: time, author, label."""
    for time in entry.css(_TIMES)[:_MOST_TRIED]:
        node = time
        if _holds_text(time):
            continue
        while node.parent is not None and node.mem_id != entry.mem_id:
            last, node = node, node.parent
            if _holds_text(node) or count_words(node.text()) > _WORDS:
                yield last.mem_id
                break


def _holds_text(node: LexborNode) -> bool:
    return any(each.tag in _TEXTS for each in node.traverse())


def _walk(node: LexborNode, reading: _Reading, kind: Kind, mark: str, depth: int) -> None:
    number = 0
    for child in node.iter(include_text=True):
        tag = child.tag or ""
        if reading.stopped or child.mem_id == reading.until:
            reading.stopped = True
            return
        if tag == "-text":
            reading.run.append(child.text_content or "")
        elif tag == "br":
            reading.run.append(_BREAK)
        elif tag in ("td", "th"):
            reading.run.append(" | " if reading.run else "")
            _walk(child, reading, kind, mark, depth + 1)
        elif _is_unread(child, reading) or depth > _DEEPEST:
            continue
        elif tag in _BLOCKS:
            reading.close(kind, mark)
            mark = "" if kind == "list" else mark  # a second paragraph of the same item has no bullet
            number += tag == "li"
            inner = _KINDS.get(tag, kind) if kind in ("paragraph", "list") else kind
            inner = kind if tag == "p" else inner
            _walk(child, reading, inner, _mark(node, tag, inner, number) or mark, depth + 1)
            reading.close(inner, _mark(node, tag, inner, number) or mark)
        else:
            _walk(child, reading, kind, mark, depth + 1)


def _mark(parent: LexborNode, tag: str, kind: Kind, number: int) -> str:
    if tag == "li":
        return f"{number}. " if parent.tag == "ol" else "- "
    return "> " if kind == "quote" else ""


def _is_unread(node: LexborNode, reading: _Reading) -> bool:
    if node.tag in _UNREAD or node.mem_id in reading.unread:
        return True
    names = _names(node)
    return _is_aside(names) or (not reading.embeds and bool(_EMBEDDED.search(names)))


@lru_cache(maxsize=1_000)  # the entries of a page have the same names
def _is_aside(names: str) -> bool:
    return _ASIDE.search(names) is not None


def _once(entries: Iterable[list[Line]]) -> Iterator[Line]:
    """The entries' lines; of a pinned entry, that stands a second time at its own place, only these."""
    told = [(tuple(line.bare for line in lines), lines) for lines in entries]
    last = {said: at for at, (said, _) in enumerate(told)}
    for at, (said, lines) in enumerate(told):
        if last[said] == at:
            yield from lines


def _intro(first: LexborNode, told: set[str]) -> Iterator[Line]:
    """The paragraphs between the headline and the first entry; what an entry tells belongs there, pinned above or not.

    told: the entries' lines, bare.
    """
    around = next((node for node in _around(first) if node.css_first("h1")), first.parent)
    if around is None:
        return
    reading = _Reading(until=first.mem_id)
    _walk(around, reading, "paragraph", "", 0)
    h1 = around.css_first("h1")
    title = folded(h1.text()) if h1 else ""
    begin = next((at + 1 for at, line in enumerate(reading.lines) if line.text == title), 0)
    for line in reading.lines[begin:]:
        if is_prose(line.text, line.words) and line.bare not in told:
            yield line
