"""One page, from its decoded bytes to its article, or to the reason why it holds none."""

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from archive.records import Article, Site, count_words
from scraper import urls
from scraper.errors import NotAnArticle
from scraper.extract import cues, template
from scraper.extract.blocks import lighten, without_comments
from scraper.extract.boilerplate import RUNGS, VERSIONS, article_lines, deep_lines, printed_lines
from scraper.extract.decoding import is_garbled, utf8_of
from scraper.extract.facts import FACTS, Facts, canonical_url, facts_of, site_of
from scraper.extract.facts.names import names_in
from scraper.extract.facts.wires import wire_credit_in
from scraper.extract.form import Line
from scraper.extract.gaps import filled, parted
from scraper.extract.kinds import access_of, kind_of
from scraper.extract.lines import RULE_NAMES, RULES, Cleared, without_cruft
from scraper.extract.live import live_lines
from scraper.extract.marks import NO_MARKS, Marks, marks_of
from scraper.extract.neighbours import without_others
from scraper.extract.plain import plain_lines
from scraper.extract.site import Known, known_of
from scraper.extract.state import markup_in_state
from scraper.extract.template import Template, agreement, fitting, without_repeats
from scraper.extract.tree import FOR_LEXBOR, FOR_LXML, tree_of
from scraper.extract.walls import FEW, WORDS_FOR, why_none, words_of
from scraper.reservations import with_reservations
from scraper.scan import fault, light, shortened

# What can be taken out, so that a bench shows what it is worth.
PARTS: Final = ("live", "template", *template.PARTS, "cruft", "passed-over", "marks", "json-ld", "state", *RULE_NAMES)
_LARGEST_HEAD = 2_000_000  # bytes that are looked at for the facts of a page without a tree
_HEAD = replace(FOR_LXML, tags=5_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What came of a page: its article's lines or the reason why it has none, and what was left out, and why."""

    url: str
    facts: Facts
    cleared: Cleared
    rung: str  # "live", "template", or one of RUNGS
    kind: str = "article"
    access: str = "open"
    stated: Mapping[str, str] = field(default_factory=dict)  # where these two are known from
    site_memory: str | None = None  # "caliber.az@7", when the site was known
    repeated: tuple[str, ...] = ()  # lines that were left out because the site repeats them
    put_back: frozenset[str] = frozenset()  # lines that trafilatura had passed over
    told: Mapping[str, str] = field(default_factory=dict)  # of the template: "template", "agreement"
    linked: str | None = None  # the source that a link of its own names
    reason: str | None = None  # why it is no article

    def article(self) -> Article:
        """The article.  Raises NotAnArticle with the reason."""
        if self.reason:
            raise NotAnArticle(self.url, self.reason, WORDS_FOR[self.reason])
        return _article(self)


@dataclass(frozen=True)
class _Page:
    """A page on its way: what each way of reading it begins with."""

    body: bytes  # in UTF-8
    tree: LexborHTMLParser | None  # None of a page that Lexbor does not bear; the template takes scripts out of it
    url: str
    facts: Facts
    known: Known
    parts: Collection[str]

    @property
    def cruft(self) -> Container[str]:
        """The bare lines that the site repeats."""
        return self.known.cruft if "cruft" in self.parts else ()

    @cached_property
    def template(self) -> Template | None:
        """The site's template for pages of this kind."""
        is_wanted = "template" in self.parts and self.tree is not None and not self.facts.is_front
        return self.known.template_for(self.facts.terms.kind) if is_wanted else None

    def whole(self) -> LexborHTMLParser | None:
        """A tree of all that is in the page, made once."""
        return self._whole

    @cached_property
    def _whole(self) -> LexborHTMLParser | None:
        return LexborHTMLParser(self.body) if self.template else self.tree


def cleaned(
    body: bytes,
    url: str,
    *,
    charset: str | None = None,
    start: str = RUNGS[0],
    site: Site | None = None,
    parts: Collection[str] = PARTS,
) -> Cleaned:
    """As `scraper.extract.clean`, with what was left out and why; of a page that is no article, too.

    start: the first rung of RUNGS that is tried; below the first, by simpler means. parts: those of PARTS at work.
    """
    if not body or body.isspace():
        return Cleaned(url=url, facts=Facts(), cleared=Cleared(()), rung="", reason="empty")
    page, is_borne = _opened(body, charset)
    tree = LexborHTMLParser(page) if is_borne and start == RUNGS[0] else None
    facts = facts_of(tree, url, page) if tree else _facts_of_head(page, url)
    if tree and (alone := without_others(tree, facts.headline, url)):
        page, tree = alone, LexborHTMLParser(alone)
        facts = facts_of(tree, url, page)
    opened = _Page(page, tree, url, facts, known_of(site), parts)
    return _by_entries(opened) or _by_template(opened) or _by_teacher(opened, start)


def _by_entries(page: _Page) -> Cleaned | None:
    """What a live blog's entries make of a page; None when it is none that can be read."""
    if page.tree is None or "live" not in page.parts:
        return None
    lines = live_lines(page.tree, page.facts.terms, page.url, page.facts.headline)
    if not lines:
        return None
    cleared = _cleared(without_repeats(lines, page.cruft), page)
    return None if _why_none(cleared, page) else _cleaned(page, cleared, "live")


def lightened(body: bytes, charset: str | None) -> LexborHTMLParser | None:
    """The tree that a page was read from, without scripts and the like; None of a page that Lexbor does not bear."""
    page, is_borne = _opened(body, charset)
    if not is_borne:
        return None
    tree = LexborHTMLParser(page)
    lighten(tree)
    return tree


def _opened(body: bytes, charset: str | None) -> tuple[bytes, bool]:
    """A page in UTF-8, and whether Lexbor bears it."""
    page = utf8_of(body, charset)
    why = fault(page, FOR_LEXBOR)
    if why and why.reason in ("too-many-attributes", "tag-too-long"):
        page = shortened(page, FOR_LEXBOR)
        why = fault(page, FOR_LEXBOR)
    return page, why is None


def _by_template(page: _Page) -> Cleaned | None:
    """What the site's template makes of a page; None when it knows none for its kind, or the page does not fit it."""
    if page.template is None or page.tree is None:
        return None
    lighten(page.tree)
    lines = fitting(page.template, page.tree, cruft=page.cruft, parts=page.parts)
    if lines is None:
        return None
    cleared = _cleared(lines, page)
    told = {"template": "fits"}
    if page.known.is_sampled(page.url):
        told["agreement"] = f"{agreement(cleared.lines, _by_teacher(page, RUNGS[0]).cleared.lines):.2f}"
    return _cleaned(page, cleared, "template", told=told)


def _by_teacher(page: _Page, start: str) -> Cleaned:
    """What the whole extraction makes of a page, from the rung `start` on down."""
    whole = page.whole()
    light_page = light(page.body)
    why = fault(light_page, FOR_LXML)
    if why and why.reason in ("too-large", "too-many-tags") and whole:
        # What makes a page too much is, if anything that people wrote, what its readers say below the article.
        light_page = light(without_comments(LexborHTMLParser(light_page)))
        why = fault(light_page, FOR_LXML)
    is_borne = RUNGS.index(start) < RUNGS.index("lexbor") and why is None
    tree = tree_of(light_page) if is_borne else None
    if tree is None:
        return _without_a_tree(page, light_page, start)
    rung, found = article_lines(tree, page.url, start=start)
    taken = frozenset(found)
    if whole and "passed-over" in page.parts:
        found = filled(parted(found, whole), whole)
    lines = without_repeats(found, page.cruft)
    marks = marks_of(whole, lines) if whole and "marks" in page.parts else NO_MARKS
    rung, cleared = _instead(page, rung, _cleared(lines, page, marks))
    left = frozenset(lines)
    return _cleaned(
        page,
        cleared,
        rung,
        told={"template": "misfit"} if page.template else {},
        repeated=tuple(line.text for line in found if line not in left),
        put_back=frozenset(line.text for line in found if line not in taken),
        reason=_why_none(cleared, page),
    )


def _instead(page: _Page, rung: str, cleared: Cleared) -> tuple[str, Cleared]:
    """The rung and the text, or, of a text that is hardly one, what the page holds of it elsewhere."""
    if "json-ld" in page.parts and words_of(cleared.lines) < min(FEW, count_words(page.facts.body)):
        rung, cleared = "json-ld", _cleared(printed_lines(page.facts.body), page)
    if "state" in page.parts and words_of(cleared.lines) < FEW and (markup := markup_in_state(page.body)):
        lines = printed_lines(markup)
        stated = _cleared(lines, page, marks_of(LexborHTMLParser(markup), lines))
        if words_of(stated.lines) > words_of(cleared.lines):
            rung, cleared = "state", stated
    if not cleared.lines and page.facts.is_article and page.tree:
        # ecocult.com leaves a popup's <div> open: the whole page lies in an <aside>, which trafilatura drops.
        rung, cleared = "lexbor", _cleared(deep_lines(page.body), page)
    return rung, cleared


def _without_a_tree(page: _Page, light_page: bytes, start: str) -> Cleaned:
    """The article of a page of which lxml loses a part, or that it does not bear: by the rungs that need no tree of it.

    With the facts that the page's head still holds.
    """
    rung = "lexbor" if start != "plain" and fault(light_page, FOR_LEXBOR) is None else "plain"
    lines = deep_lines(light_page) if rung == "lexbor" else []
    if not lines:
        rung, lines = "plain", plain_lines(light_page)
    # Whatever the page did to the rungs above it may do to the rules, too; a text with cruft is better than none.
    cleared = Cleared(tuple(lines)) if start == "plain" else _cleared(lines, page)
    return _cleaned(page, cleared, rung, reason=_why_none(cleared, page))


def _why_none(cleared: Cleared, page: _Page) -> str | None:
    lines = cleared.lines
    return why_none(lines, page.facts, page.url, words=words_of(lines), whole=page.whole, page=page.body)


def _cleared(lines: list[Line], page: _Page, marks: Marks = NO_MARKS) -> Cleared:
    facts = page.facts
    return without_cruft(
        lines,
        headlines=facts.headlines,
        outlets=(*facts.outlets, site_of(page.url)),
        authors=facts.authors,
        marks=marks,
        rules=page.parts,
    )


def _cleaned(
    page: _Page,
    cleared: Cleared,
    rung: str,
    *,
    told: Mapping[str, str] = MappingProxyType({}),
    repeated: tuple[str, ...] = (),
    put_back: frozenset[str] = frozenset(),
    reason: str | None = None,
) -> Cleaned:
    lines, words = cleared.lines, words_of(cleared.lines)
    kind, kind_origin = kind_of(lines, page.facts, page.whole, page.url, words=words, live=rung == "live")
    access, access_origin = access_of(lines, page.facts, page.whole, words=words)
    stated = {"kind": kind_origin, "access": access_origin}
    return Cleaned(
        url=page.url,
        facts=page.facts,
        cleared=cleared,
        rung=rung,
        kind=kind,
        access=access,
        stated={fact: origin for fact, origin in stated.items() if origin},
        site_memory=page.known.name,
        repeated=repeated,
        put_back=put_back,
        told=told,
        linked=_linked_source(page.tree, page.url) if page.tree else None,
        reason=reason,
    )


def _facts_of_head(page: bytes, url: str) -> Facts:
    head = page[:_LARGEST_HEAD]
    end = head.lower().find(b"</head>")
    whole = head[:end] if end >= 0 else b""
    # Of no head what the URL says is left: whether it is a front's.
    markup = whole + b"</head><body></body></html>" if fault(whole, _HEAD) is None else b"<html></html>"
    return facts_of(LexborHTMLParser(markup), url, markup)


def _linked_source(tree: LexborHTMLParser, url: str) -> str | None:
    links = (each for each in tree.css("p a") if cues.SOURCE_WORD.fullmatch(each.text(deep=True)))
    return next((urls.join(url, href) for each in links if (href := each.attributes.get("href"))), None)


def _article(page: Cleaned) -> Article:
    facts, cleared = page.facts, page.cleared
    origins = {**facts.origins, **page.stated}
    letters = {"letters": "garbled"} if is_garbled(" ".join(line.text for line in cleared.lines)) else {}
    source_link = cleared.source_link or page.linked
    # A byline in the text names people where the page's declarations name an agency or a desk.
    authors = facts.authors if names_in(facts.authors) else cleared.authors or facts.authors
    if authors and authors != facts.authors:
        origins["authors"] = "text"
    if source_link:
        origins["source_link"] = "text"
    paragraphs = tuple(line.paragraph for line in cleared.lines)
    wire_credit = facts.wire_credit or wire_credit_in(cleared.credited) or wire_credit_in(paragraphs)
    if wire_credit and not facts.wire_credit:
        origins["wire_credit"] = "text"
    article = Article(
        url=page.url,
        canonical_url=canonical_url(page.url, facts.canonical),
        headline=facts.headline,
        paragraphs=paragraphs,
        site=site_of(page.url),
        authors=authors,
        published=facts.published,
        modified=facts.modified,
        language=facts.language,
        publisher=facts.publisher,
        section=facts.section,
        image=facts.image,
        image_caption=facts.image_caption,
        image_credit=facts.image_credit,
        wire_credit=wire_credit,
        disagreements=facts.disagreements,
        kind=page.kind,
        access=page.access,
        source_link=source_link,
        origins=origins,
        extractor={**VERSIONS, "facts": FACTS, "rules": RULES, "rung": page.rung, **page.told, **letters},
        site_memory=page.site_memory,
    )
    return with_reservations(article, facts.reservations, "meta")
