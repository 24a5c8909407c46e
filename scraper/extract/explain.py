"""Explained: each block of a page, kept or dropped, by what and why.

It is read from what the extraction tells, and from the page; nothing is decided here.
"""

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser

from archive.records import Article, Facts, Site
from scraper.errors import NotAnArticle
from scraper.extract import cues
from scraper.extract.blocks import blocks_of, is_link
from scraper.extract.boilerplate import RUNGS
from scraper.extract.cleaning import Cleaned, cleaned, lightened
from scraper.extract.facts.names import byline_in
from scraper.extract.flat import clean_flat
from scraper.extract.flat.dumps import printed_lines
from scraper.extract.form import Line, bare
from scraper.extract.lines import is_caption, whole_line_rule
from scraper.extract.places import Place, Places
from scraper.extract.site import ANY, Known, cruft_of, known_of
from scraper.extract.template import Template
from scraper.extract.tracing import Block, Tracer, blocks_in

_STEPS = 4  # of a place that are shown
_SELECTORS = 3  # of a template

# What each rule of the line pass says of a line that it takes.
RULES: Final = {
    "bio": "it says who the author is",
    "blurb": "it speaks for the outlet: a newsletter, a subscription, a donation, an app",
    "box": "it stands in a box that is not the article's",
    "byline": "it names who wrote the article: that is a fact",
    "caption": "it is the caption or the credit of a picture",
    "comments": "it belongs to the readers' comments",
    "consent": "it asks for consent, or stands in for what is shown after it",
    "contact": "it says how the newsroom can be reached",
    "counter": "it counts views, shares, comments or words",
    "credit": "it says whose report it is: that is a fact",
    "date": "it is nothing but a date: that is a fact",
    "disclaimer": "it is a notice about the text: who answers for it, how it was made, what is earned by its links",
    "double": "the text has said it already",
    "font-size": "it is a button for the size of letters",
    "furniture": "it is a button or a label of the page",
    "headline": "it says the headline, which stands above the text",
    "label": "it is a section or a kicker above the first paragraph",
    "link": "it is nothing but a link to another page",
    "outlet": "it is nothing but the outlet's name",
    "post": "it is an embedded post of a social network",
    "pull-quote": "it is a quote set apart, which stands in a paragraph, too",
    "read-also": "it leads to another article",
    "reading-time": "it says how long one reads",
    "rights": "it claims the rights to the text",
    "share": "it is a button to share or to follow",
    "source-link": "it is the link to the source: that is a fact",
    "tail": "it stands behind the article's last line",
}
# What a way of reading says of a block: kept, dropped.
WAYS: Final = {
    "template": ("the template takes this place", "the template does not take this place"),
    "live": ("it belongs to an entry of the live blog", "it belongs to no entry of the live blog"),
    "trafilatura": ("trafilatura took it for the article's", "trafilatura took it for boilerplate"),
    "trafilatura-fast": (
        "trafilatura without its fallbacks took it for the article's",
        "trafilatura without its fallbacks took it for boilerplate",
    ),
    "baseline": ("it is a paragraph, as far as trafilatura's baseline reads", "trafilatura's baseline left it out"),
    "lexbor": ("it is a paragraph of an <article>, or of a page without one", "it is no paragraph of an <article>"),
    "plain": ("it is a line of the page without its tags", "it is no line of the page without its tags"),
    "json-ld": (
        "the page's JSON-LD holds the article's text, and more of it than was found in its elements",
        "the text was taken from the page's JSON-LD, which does not hold it",
    ),
    "state": (
        "the state of the page's scripts holds it, as markup",
        "the text was taken from the state of the page's scripts, which does not hold it",
    ),
    "flat": (
        "it stands in the stretch of lines that reads as the article",
        "it stands outside the stretch of lines that reads as the article",
    ),
    "": ("it was read", "nothing was read"),
}


_ANOTHER_WAY: Final = ("it was taken for the article's", "it was left out")
_ANOTHER: Final = "it stands where the template looks, but in another article of the page, or says nothing new"
_BETWEEN: Final = "it stands between blocks that the template takes"
_PUT_BACK: Final = "trafilatura passed it over, but its sisters are the article's"
_REPEATED: Final = "the site repeats it in article after article"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A line that a block of a page prints, or one of a flattened text: kept or dropped, and why."""

    text: str
    kind: str  # of the line: "paragraph", "subhead", "list", "quote", "row"; "headline"
    place: str  # "div.story-body > p"; "" of what no block prints
    kept: bool
    by: str  # "template", a rung as "trafilatura", "rule:caption", "site", "headline"
    why: str  # in words


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What came of a page, and of each of its blocks, in the page's order."""

    article: Article  # of a page that is none: what was read of it
    reason: str | None  # why it is none: NotAnArticle's word and its sentence
    message: str | None
    way: str  # by which it was read, in words
    blocks: tuple[Judged, ...]

    @property
    def facts(self) -> dict[str, Any]:
        """The article's facts by name; of a page of which nothing was read it has no kind and no access: None."""
        unread = () if self.article.paragraphs else ("kind", "access")
        return {each.name: None if each.name in unread else getattr(self.article, each.name) for each in fields(Facts)}


def explained(body: bytes, url: str, *, charset: str | None = None, site: Site | None = None) -> Explanation:
    """What `scraper.extract.clean` makes of a page, block by block; of a page that is no article, too."""
    found = cleaned(body, url, charset=charset, site=site)
    tree = lightened(body, charset)
    blocks = list(blocks_in(tree)) if tree else []
    held = _held(tree, blocks, _template(found, site)) if tree and found.rung == "template" else frozenset()
    return Explanation(
        article=replace(found, reason=None).article(),
        reason=found.reason,
        message=_message(found),
        way=_way(found, site),
        blocks=tuple(_Judging(found, blocks, held, cruft_of(site)).judged()),
    )


def explained_flat(text: str, url: str = "", *, site: Site | None = None) -> Explanation:
    """What `scraper.extract.clean_flat` makes of a flattened text, line by line."""
    article, refusal = Article(url=url, canonical_url=url, site="", paragraphs=()), None
    try:
        article = clean_flat(text, url, site=site)
    except NotAnArticle as error:
        refusal = error
    return Explanation(
        article=article,
        reason=refusal.reason if refusal else None,
        message=refusal.message if refusal else None,
        way="lines of a flattened text",
        blocks=tuple(_judged_flat(text, article, cruft_of(site))),
    )


def _message(found: Cleaned) -> str | None:
    try:
        found.article()
    except NotAnArticle as error:
        return error.message
    return None


def _template(found: Cleaned, site: Site | None) -> Template | None:
    return known_of(site).template_for(found.facts.terms.kind)


def _held(tree: LexborHTMLParser, blocks: Sequence[Block], template: Template | None) -> frozenset[int]:
    """Which of the blocks stand where the template takes them."""
    here = blocks_of(tree.css(template.selector)) if template else {}
    return frozenset(at for at, block in enumerate(blocks) if block.node.mem_id in here)


# ── how it was read


def _way(found: Cleaned, site: Site | None) -> str:
    """By which means a page was read, and why not by others."""
    known = known_of(site)
    template = _template(found, site)
    if found.rung == "template" and template:
        agreed = f", and trafilatura agrees to {found.told['agreement']}" if "agreement" in found.told else ""
        return f"template {_shortened(template)} of {known.name}, which the page fits{agreed}"
    rung = found.rung or "nothing"
    return f"{rung}, because {why}" if (why := _why_no_template(found, known, template)) else rung


def _why_no_template(found: Cleaned, known: Known, template: Template | None) -> str | None:
    if known.name is None:
        return None
    if template is None:
        kinds = ", ".join(sorted(each for each in known.templates if each != ANY)) or "any kind"
        return f"{known.name} has no template for pages of kind {found.facts.terms.kind} (it has: {kinds})"
    return f"the page does not fit the template {_shortened(template)} of {known.name}"


def _shortened(template: Template) -> str:
    places = template.selector.split(", ")
    more = f" and {len(places) - _SELECTORS} more" if len(places) > _SELECTORS else ""
    return ", ".join(places[:_SELECTORS]) + more


# ── block by block


class _Judging:
    """The blocks of a page on their way to a verdict each; one stands where the page prints it."""

    def __init__(self, found: Cleaned, blocks: Sequence[Block], held: frozenset[int], cruft: Container[str]) -> None:
        self._found = found
        self._blocks = blocks
        self._held = held  # by the template
        self._cruft = cruft
        self._tracer = Tracer([block.line.text for block in blocks])
        self._places = Places()
        self._said: list[tuple[int, Judged]] = []

    def judged(self) -> Iterator[Judged]:
        """Every block in the page's order."""
        kept, dropped = WAYS.get(self._found.rung, _ANOTHER_WAY)
        ruled = [(f"rule:{rule}", why_of(rule), text) for rule, text in self._found.cleared.dropped]
        self._keep(kept)
        if (once := ("rule:headline", why_of("headline"), self._find_headline())) in ruled:
            ruled.remove(once)  # its <h1> was told
        self._drop(ruled)
        self._drop([("site", _REPEATED, text) for text in self._found.repeated])
        for at in range(len(self._blocks)):
            if at not in self._tracer.taken:
                by, why = self._left_out(at, dropped)
                self._say(at, self._blocks[at].line, range(at, at + 1), by=by, why=why)
        return (each for _, each in sorted(self._said, key=lambda said: said[0]))

    def _keep(self, why: str) -> None:
        lines = self._found.cleared.lines
        traced = self._tracer.trace((line.text for line in lines), among=self._held)
        order = 0
        for line, places in zip(lines, traced, strict=True):
            order = places.start if places else order
            by, reason = self._taken_by(line, places, why)
            self._say(order, line, places, by=by, why=reason + self._how(places, line.text), kept=True)

    def _taken_by(self, line: Line, places: range | None, why: str) -> tuple[str, str]:
        rung = self._found.rung
        if rung == "template" and places is not None and self._held.isdisjoint(places):
            return rung, _BETWEEN
        if rung in RUNGS[:3] and line.text in self._found.put_back:
            return "passed-over", _PUT_BACK
        return rung, why

    def _find_headline(self) -> str | None:
        """The headline, when an <h1> prints it: then it is kept, above the text."""
        headline, origin = self._found.facts.headline, self._found.facts.origins.get("headline", "page")
        for at, block in enumerate(self._blocks):
            here = range(at, at + 1)
            is_free = block.node.tag == "h1" and at not in self._tracer.taken
            if headline and is_free and self._tracer.says(here, headline):
                self._tracer.taken.add(at)
                line = replace(block.line, kind="subhead")
                self._say(at, line, here, by="headline", why=f"it is the headline, says {origin}", kept=True)
                return headline
        return None

    def _drop(self, dropped: Sequence[tuple[str, str, str]]) -> None:
        order = 0
        traced = self._tracer.trace(text for _, _, text in dropped)
        for (by, why, text), places in zip(dropped, traced, strict=True):
            order = places.start if places else order
            line = self._blocks[places.start].line if places else Line("paragraph", text)
            self._say(order, replace(line, text=text), places, by=by, why=why + self._how(places, text))

    def _left_out(self, at: int, why: str) -> tuple[str, str]:
        if at in self._held and bare(self._blocks[at].line.text) in self._cruft:
            return "site", _REPEATED
        if at in self._held and is_link(self._blocks[at].node):
            return self._found.rung, "it is nothing but a link, to another article nearly always"
        return self._found.rung, _ANOTHER if at in self._held else why

    def _how(self, places: range | None, text: str) -> str:
        if places is None:
            return "; not found as a block" if self._blocks else ""
        if self._tracer.says(places, text):
            return f"; joined from {len(places)} blocks" if len(places) > 1 else ""
        return "; a part of what stands there"

    def _say(self, order: int, line: Line, places: range | None, *, by: str, why: str, kept: bool = False) -> None:
        place = shown(self._places.of(self._blocks[places.start].node)) if places else ""
        judged = Judged(text=line.paragraph, kind=line.kind, place=place, kept=kept, by=by, why=why)
        self._said.append((order, judged))


def why_of(rule: str) -> str:
    """What a rule of the line pass says of a line that it takes."""
    return RULES.get(rule, "a rule about lines takes it")


def shown(place: Place) -> str:
    """The last steps of a place, up to the first that has a class: "div.story-body > p"."""
    steps: list[str] = []
    for tag, names in reversed(place[-_STEPS:]):
        steps.insert(0, tag + "".join(f".{name}" for name in names))
        if names:
            break
    return " > ".join(steps)


# ── a flattened text, line by line


def _judged_flat(text: str, article: Article, cruft: Container[str]) -> Iterator[Judged]:
    lines = [printed.line for printed in printed_lines(text)]
    tracer = Tracer([line.text for line in lines])
    kept, dropped = WAYS["flat"]
    told = [("headline", "it is the headline", article.headline)] if article.headline else []
    told += [("flat", kept, paragraph) for paragraph in article.paragraphs]
    said: list[tuple[int, Judged]] = []
    order = 0
    for (by, why, each), places in zip(told, tracer.trace(each for _, _, each in told), strict=True):
        order = places.start if places else order
        said.append((order, Judged(text=each, kind="paragraph", place="", kept=True, by=by, why=why)))
    for at, line in enumerate(lines):
        if at not in tracer.taken:
            by, why = _why_flat(line.text, cruft) or ("flat", dropped)
            said.append((at, Judged(text=line.paragraph, kind=line.kind, place="", kept=False, by=by, why=why)))
    return (each for _, each in sorted(said, key=lambda said: said[0]))


def _why_flat(line: str, cruft: Container[str]) -> tuple[str, str] | None:
    """What of a line alone shows that it is not the article's."""
    if bare(line) in cruft:
        return "site", _REPEATED
    if rule := whole_line_rule(line):
        return f"rule:{rule}", why_of(rule)
    is_so = {"date": cues.is_date_line(line), "byline": bool(byline_in(line)), "caption": is_caption(line)}
    return next(((f"rule:{rule}", why_of(rule)) for rule, is_it in is_so.items() if is_it), None)
