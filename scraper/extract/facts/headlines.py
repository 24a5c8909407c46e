"""The headline among all that a page prints and declares as one, without its outlet's name."""

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import islice

from selectolax.lexbor import LexborNode

from scraper.extract.facts.declared import Declared, texts, types_of
from scraper.extract.form import bare, folded

_MOST_H1 = 5
_MOST_PARTS = 200  # nodes of one h1
_LONGEST = 1_000  # characters of a headline
_MOST_HEADS = 3  # beginnings of a title that may be an outlet's name
_PARTED = re.compile(r"\s+[|\-–—·•»:*]\s+|\s*[|｜ㅣ：_]\s*|:\s|--")
_SIGN = re.compile(r"[:–—|/]|\s-\s")
_KEYS = ("headline", "og:title", "twitter:title")
_NEWS = ("newsarticle", "liveblogposting")  # types of JSON-LD, or their endings


def headlines_of(page: Declared, outlets: Collection[str]) -> list[tuple[str, str]]:
    """(origin, words) of each wording on the page, the headline first.

    outlets: the bare names of the outlet.

    The headline is the h1 that the markup confirms; but of news on which JSON-LD and og:title agree, what they say. A
    kicker that only the layout parts from the headline keeps the sign that a stated wording puts there.
    """
    printed = [words for h1 in page.h1s[:_MOST_H1] if len(words := words_of(h1)) in range(1, _LONGEST)]
    stated = [(origin, words) for origin, text in page.stated(*_KEYS) if (words := without_outlet(text, outlets))]
    # Of several h1, or one that is the outlet's logo, the one that the markup confirms is the headline.
    titles = _title(page, outlets)
    said = [text for _, text in (*stated, *titles)]
    confirmed = [words for words in printed if any(_confirms(text, words, page.site) for text in said)]
    agreed = [] if _said(confirmed, title := _agreed(page, outlets)) else title
    found = [*agreed, *(_with_sign(words, stated) for words in confirmed), *stated]
    found += [("html", words) for words in printed if bare(words) not in outlets]
    return list(dict.fromkeys((*found, *titles)))


def readings_of(page: Declared, outlets: Collection[str], headline: str | None) -> Iterator[tuple[str, str]]:
    """(origin, words) of each place that states a headline of this article, and of no other."""
    yield from ((origin, without_outlet(text, outlets)) for origin, text in page.readings(*_KEYS))
    # "World news: Ferry stays" says nothing else.
    yield from (each for each in _title(page, outlets) if not bare(each[1]).endswith(bare(headline or "")))
    if headline and (others := [words for h1 in page.h1s[:_MOST_H1] if _alike(words := words_of(h1), headline)]):
        yield "html", others[0]
    elif len(page.h1s) == 1 and bare(words := words_of(page.h1s[0])) not in outlets:
        yield "html", words


def words_of(element: LexborNode) -> str:
    """The words of an element; what only its layout parts ("<span>Strike</span>Ferry stays", a <br>) gets a space."""
    words = ""
    for part in islice(element.traverse(include_text=True), _MOST_PARTS):
        if part.tag == "br":
            words += " "
        elif part.tag == "-text":
            text = part.text()
            kicker = len(words) > 1 and words[-2:].isalnum() and text[:1].isupper()  # but not a drop cap
            words += f" {text}" if kicker else text
    return folded(words)


def without_outlet(title: str, outlets: Collection[str]) -> str:
    """The title without " | The Herald" at its end or "The Herald: " at its beginning; "" when nothing else is in it.

    "" also for what is too long to be one.
    """
    return _without(title, frozenset(outlets)) if len(title) <= _LONGEST else ""


@lru_cache(maxsize=32)  # a page says the same up to ten times
def _without(title: str, outlets: frozenset[str]) -> str:
    marks = list(_PARTED.finditer(title))
    for mark in reversed(marks):
        if not _is_outlet(title[mark.end() :], outlets):
            break
        title = title[: mark.start()]
    for mark in marks[:_MOST_HEADS]:
        if mark.end() < len(title) and _is_outlet(title[: mark.start()], outlets):
            return title[mark.end() :]
    return "" if _is_outlet(title, outlets) else title


def _is_outlet(name: str, outlets: Collection[str]) -> bool:
    return bare(name) in outlets or bare(name.partition(".")[0]) in outlets


def _title(page: Declared, outlets: Collection[str]) -> list[tuple[str, str]]:
    element = page.tree.css_first("title")
    words = without_outlet(folded(element.text()), outlets) if element is not None else ""
    return [("title", words)] if words else []


def _agreed(page: Declared, outlets: Collection[str]) -> list[tuple[str, str]]:
    """What JSON-LD and og:title both say of a piece of news; nothing when they differ."""
    news = [node for node in page.articles if any(name.endswith(_NEWS) for name in types_of(node))]
    stated = {bare(without_outlet(text, outlets)) for text in texts(news[0].get("headline"))} if news else set()
    titles = ((origin, without_outlet(title, outlets)) for origin, title in page.in_metas("og:title"))
    return [(origin, title) for origin, title in titles if title and bare(title) in stated][:1]


def _said(printed: list[str], agreed: list[tuple[str, str]]) -> bool:
    """Whether an h1 says what is agreed on; a few words behind it are a section's name."""
    return any(bare(title).startswith(bare(words)) for words in printed for _, title in agreed)


def _with_sign(words: str, stated: list[tuple[str, str]]) -> tuple[str, str]:
    """The h1, or a stated wording of the same words and one more sign: "Strike: Ferry stays"."""
    own, signs = bare(words), _signs(words)
    same = (each for each in stated if _signs(each[1]) == signs + 1 and bare(each[1]) == own)
    return next(same, ("html", words))


def _signs(words: str) -> int:
    return len(_SIGN.findall(words))


def _confirms(title: str, words: str, site: str) -> bool:
    """Whether a stated title says the same as the h1, or the same and behind it the outlet, known by its host."""
    if _alike(words, title):
        return True
    marks = list(_PARTED.finditer(title))
    head, tail = (title[: marks[-1].start()], title[marks[-1].end() :]) if marks else (title, "")
    outlet = bare(site.partition(".")[0])
    return bare(head) == bare(words) and outlet != "" and outlet in bare(tail)


def _alike(one: str, other: str) -> bool:
    mine, theirs = set(bare(one).split()), set(bare(other).split())
    return len(mine & theirs) * 2 > max(len(mine), len(theirs))
