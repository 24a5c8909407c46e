"""What markup from the network is made of, told in one linear pass before any parser sees it.

Parsers are quadratic in depth and in the attributes of a tag, and lose the rest of a page, without a word, past limits
of their own. So whoever parses states here what its parser bears, and what is more is refused or made lighter first.
Every pattern is possessive: it matches or it does not, and no byte is read again for another try.
Which "<" begins a tag only a whole parser knows; what is told wrong here is stopped by the limits of the worker.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal, NamedTuple

from scraper.errors import ExtractError

Reason = Literal["too-large", "too-many-tags", "too-many-attributes", "tag-too-long", "too-deep"]

_SPACE = rb" \t\r\n\f"
# As a tokenizer of HTML reads it: a name may begin with "=", and only a value that begins with a quote ends with one.
_ONE = rb"""(?:=[^%b/>=]*+|[^%b/>=]++)(?:[%b]*+=[%b]*+(?:"[^"]*+"?+|'[^']*+'?+|(?!["'])[^%b>]*+))?+""" % ((_SPACE,) * 5)
_ATTRIBUTES = rb"[^%b/>]*+(?:[%b/]++|%b)*+>?+" % (_SPACE, _SPACE, _ONE)  # with the rest of the tag's name before them
_COMMENT = rb"!--(?:-?+>|(?:[^-]++|-(?!-!?+>))*+(?:--!?+>)?+)"
_BOGUS = rb"(?:[!?]|/(?![a-zA-Z]))[^>]*+>?+"  # a doctype, an instruction: in HTML a comment to the next ">"
_BARE = rb"(?![a-zA-Z0-9]*+>)"  # behind it no end tag is only a name
# The rest of a tag of 400 attributes at most, of which no two readers think otherwise: a value is quoted whole or has
# neither a quote nor "=" in it, and a name stands at once before it.
_FEW_ATTRIBUTES = (
    rb"""[^%b/>="']*+(?:>|(?:[/%b]++[^%b/>="']++(?:=(?:"[^"]*+"|'[^']*+'|[^%b>"'=]++(?=[%b>])))?+){0,400}+[/%b]*+>)"""
) % ((_SPACE,) * 6)
_RAW = ("script", "style", "title", "textarea", "iframe", "noframes", "noembed", "xmp")


def _raw(name: str, attributes: bytes) -> bytes:
    """A raw text element: what stands in a script is no markup."""
    spelled = "".join(f"[{letter}{letter.upper()}]" for letter in name).encode()
    return spelled + rb"(?=[%b/>])" % _SPACE + attributes + rb"[^<]*+(?:<(?!/" + spelled + rb")[^<]*+)*+"


def _html(bare: bytes, attributes: bytes) -> bytes:
    most = rb"(?:[a-zA-Z](?<![sStTiInNxX])|/" + bare + rb"[a-zA-Z])" + attributes
    others = rb"[a-zA-Z]" + attributes
    raw = rb"(?=[sStTiInNxX][cCtTiIeEfFoOmM])(?:" + b"|".join(_raw(name, attributes) for name in _RAW) + rb")"
    return rb"<(?:" + b"|".join((most, raw, others, _COMMENT, _BOGUS)) + rb")"


def _xml(bare: bytes) -> re.Pattern[bytes]:
    tag = rb"(?:/" + bare + rb")?+[a-zA-Z_:\x80-\xff]" + _ATTRIBUTES
    cdata = rb"!\[CDATA\[(?:[^\]]++|\](?!\]>))*+(?:\]\]>)?+"
    return re.compile(rb"<(?:" + b"|".join((tag, _COMMENT, cdata, rb"\?(?:[^?]++|\?(?!>))*+(?:\?>)?+")) + rb")")


_START = re.compile(rb"(</?+[^%b/>]++)" % _SPACE + _ATTRIBUTES)
_NAME = re.compile(rb"</?+([^\s/>]++)")
_ATTRIBUTE = re.compile(_ONE)

# Void elements, and those whose end tag may be left out: another element lies between two of them.
_FLAT = frozenset(
    b"area base br col embed hr img input link meta param source track wbr p li dt dd td th tr option".split()
)
_SELF_CLOSED = frozenset(b"path use circle rect line polygon polyline ellipse stop image animate g".split())  # of SVG


@dataclass(frozen=True, slots=True)
class Grammar:
    """How tags are told from the rest."""

    token: re.Pattern[bytes]  # a tag; a comment or another stretch without tags
    wide: re.Pattern[bytes]  # the same without end tags that are nothing but a name
    flat: frozenset[bytes]  # elements that hold no others
    self_closed: frozenset[bytes] | None  # those for which "/>" ends one; None: all
    small: re.Pattern[bytes] | None = None  # a stretch of at most _MOST_SMALL tags with few attributes each


_MOST_SMALL, _MOST_ATTRIBUTES = 5_000, 400
_SMALL_TAGS = re.compile(
    rb"(?:[^<]*+(?:" + _html(b"", _FEW_ATTRIBUTES) + rb"|<(?![a-zA-Z/!?]))){0,%d}+[^<]*+" % _MOST_SMALL
)
HTML: Final = Grammar(
    re.compile(_html(b"", _ATTRIBUTES)), re.compile(_html(_BARE, _ATTRIBUTES)), _FLAT, _SELF_CLOSED, _SMALL_TAGS
)
XML: Final = Grammar(_xml(b""), _xml(_BARE), frozenset(), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a parser bears."""

    grammar: Grammar
    size: int  # bytes
    tags: int
    attributes: int  # of one tag
    tag: int  # bytes of one tag
    depth: int  # elements in each other


class Fault(NamedTuple):
    """Why markup is too much for a parser."""

    reason: Reason
    message: str


def fault(markup: bytes, limits: Limits) -> Fault | None:
    """What of the markup is past the limits; None when a parser may have it. Linear: 20 MB and more a second."""
    if len(markup) > limits.size:
        return Fault("too-large", f"it has {len(markup):,} bytes of markup, {limits.size:,} are read")
    if _is_small(markup, limits):
        return None
    # A tag has three bytes at least.
    may_be_many = len(markup) > 3 * limits.tags and markup.count(b"<") > limits.tags
    if may_be_many and _more_than(limits.tags, limits.grammar.token.finditer(markup)):
        return Fault("too-many-tags", f"it has more than {limits.tags:,} tags")
    tags = limits.grammar.wide.findall(markup)
    least = 2 * limits.attributes  # bytes: an attribute, and what parts it from the next
    for tag in [tag for tag in tags if len(tag) > least]:
        if found := _fault_of_tag(tag, limits):
            return found
    if len(tags) > limits.depth and _depth(limits.grammar.token.findall(markup), limits) > limits.depth:
        return Fault("too-deep", f"its elements lie more than {limits.depth:,} deep in each other")
    return None


def _is_small(markup: bytes, limits: Limits) -> bool:
    """Whether it has few tags with few attributes each, as most pages: told in less time, with nothing copied."""
    small = limits.grammar.small
    most = min(limits.depth, limits.tags)
    if small is None or most < _MOST_SMALL or limits.attributes < _MOST_ATTRIBUTES or limits.tag < len(markup):
        return False
    at = seen = 0
    while (end := _end_of(small, markup, at)) < len(markup):
        tag = limits.grammar.token.match(markup, end)  # one with much in it, or there were too many for one stretch
        if tag is None or _fault_of_tag(tag[0], limits):
            return False
        seen += markup.count(b"<", at, tag.end())
        at = tag.end()
        if seen > most:
            return False
    return not at or seen + markup.count(b"<", at) <= most


def _end_of(stretch: re.Pattern[bytes], markup: bytes, at: int) -> int:
    found = stretch.match(markup, at)
    return found.end() if found else at


def check(markup: bytes, limits: Limits, url: str) -> None:
    """Raises ExtractError with the reason and the words of `fault`, when there is one."""
    if found := fault(markup, limits):
        raise ExtractError(url, found.reason, f"not parsed: {found.message}")


def _more_than(most: int, found: Iterable[object]) -> bool:
    return next(islice(found, most, None), None) is not None


def _fault_of_tag(token: bytes, limits: Limits) -> Fault | None:
    start = None if token[1:2] in (b"!", b"?") else _START.match(token)  # without the script behind it
    if start is None:
        return None
    tag = start[0]
    if len(tag) > 2 * limits.attributes and _more_than(limits.attributes, _ATTRIBUTE.finditer(tag, start.end(1))):
        return Fault("too-many-attributes", f"one tag has more than {limits.attributes:,} attributes")
    if len(tag) > limits.tag:
        return Fault("tag-too-long", f"one tag has {len(tag):,} bytes, {limits.tag:,} are read")
    return None


def _depth(tags: Iterable[bytes], limits: Limits) -> int:
    """How deep elements lie in each other at most, counted until it is too deep.

    An end tag ends one element of its name and no other, however the tags are crossed: parsers may close more, and
    then it is less deep than told, but never deeper.
    """
    grammar = limits.grammar
    opened: Counter[bytes] = Counter()
    depth = 0
    for tag in tags:
        named = _NAME.match(tag)
        if named is None or tag[1:2] in (b"!", b"?"):
            continue
        name = named[1] if grammar is XML else named[1].lower()
        if tag[1:2] == b"/":
            closed = min(opened[name], 1)
            opened[name] -= closed
            depth -= closed
        elif not (name in grammar.flat or _ends_itself(tag, name, grammar)):
            opened[name] += 1
            depth += 1
            if depth > limits.depth:
                break
    return depth


def _ends_itself(tag: bytes, name: bytes, grammar: Grammar) -> bool:
    return tag.endswith(b"/>") and (grammar.self_closed is None or name in grammar.self_closed)


# ── making it lighter ────────────────────────────────────────────────────────────────────────────────────────────────

_SMALL = 1_000_000  # bytes; below, nothing in a page is large enough to be worth another pass
_FORBIDDEN = bytes({*range(32)} - set(b"\t\n\r"))  # XML 1.0, 2.2: lxml refuses them
_DOCTYPE = re.compile(rb"<!doctype[^>]{0,2000}>", re.IGNORECASE)
_DOCTYPE_NAME = re.compile(rb"<!doctype", re.IGNORECASE)
_INLINE_FILE = re.compile(rb"data:[\w.+-]{0,80}/[\w.+-]{0,80};base64,[A-Za-z0-9+/=%]{1000,}+")
_ENDS = re.compile(rb"</(?:html|body)[^>]{0,80}>", re.IGNORECASE)
_PARAGRAPH = re.compile(rb"<[pP][\s>]")
_KEPT_ATTRIBUTES, _KEPT_BYTES = 100, 4_096  # of a tag with too many or too long ones, each
_PROLOG = re.compile(rb"(?:\s++|<\?(?:[^?]++|\?(?!>))*+\?>|<" + _COMMENT + rb")*+")
_XML_DOCTYPE = re.compile(
    rb"""<!DOCTYPE(?:[^\[>"']++|"[^"]*+"|'[^']*+')*+(?:\[(?:[^\]"'<]++|"[^"]*+"|'[^']*+'|<"""
    + _COMMENT
    + rb"""|<)*+\]\s*+)?+>""",
    re.IGNORECASE,
)


def light(page: bytes) -> bytes:
    """HTML in UTF-8 without what no text is made of: control characters, a doctype; of a large page also comments and
    inline files. A few passes at the machine's speed.
    """
    page = _with_its_end(page.translate(None, _FORBIDDEN))
    if len(page) > _SMALL:
        page = _INLINE_FILE.sub(b"data:,", _without_comments(page))
    # libxml2 takes some broken doctypes for text and then drops the head (trafilatura's own repair, lxml bug 1955915).
    for named in islice(_DOCTYPE_NAME.finditer(page), 10):
        if doctype := _DOCTYPE.match(page, named.start()):
            return page[: doctype.start()] + page[doctype.end() :]
    return page


def shortened(page: bytes, limits: Limits) -> bytes:
    """HTML whose tags are within the limits: of one that has too many attributes or too long ones a few are left."""
    pieces, at = [], 0
    for token in limits.grammar.token.finditer(page):
        if len(token[0]) > 2 * limits.attributes and _fault_of_tag(token[0], limits):
            tag = _START.match(page, token.start())
            assert tag is not None  # noqa: S101  it has a fault, so it is one
            pieces += [page[at : tag.start()], _short(tag)]
            at = tag.end()
    return b"".join((*pieces, page[at:]))


def without_doctype(xml: bytes) -> bytes:
    """XML without its doctype, so that no parser meets an entity, an external subset or another file's name.

    What is left of a doctype that does not end is no XML to any parser.
    """
    prolog = _PROLOG.match(xml)
    doctype = _XML_DOCTYPE.match(xml, prolog.end()) if prolog else None
    return xml[: doctype.start()] + xml[doctype.end() :] if doctype else xml


def _with_its_end(page: bytes) -> bytes:
    """HTML that goes on behind an early </html>, as browsers read it; libxml2 reads no further and says nothing."""
    end = page.find(b"</html")
    end = page.find(b"</HTML") if end < 0 else end
    return _ENDS.sub(b"", page) if end >= 0 and _PARAGRAPH.search(page, end) else page


def _short(tag: re.Match[bytes]) -> bytes:
    attributes = (found[0] for found in _ATTRIBUTE.finditer(tag[0], len(tag[1])))
    kept = [each for each in islice(attributes, _KEPT_ATTRIBUTES) if len(each) <= _KEPT_BYTES]
    return b" ".join((tag[1], *kept)) + b">"


def _without_comments(page: bytes) -> bytes:
    kept, at = [], 0
    while (start := page.find(b"<!--", at)) >= 0 and (end := page.find(b"-->", start)) >= 0:
        kept.append(page[at:start])
        at = end + 3
    return b"".join((*kept, page[at:]))
