"""Names of people in a byline: "By Ann Lee and Bo Li, Senior Reporters" is two of them."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from scraper.extract.facts.agencies import agency
from scraper.extract.form import bare, folded

# What stands before the names, per language: en de fr es/pt it nl ru/uk tr az pl ar sv/no/da el ro cs hu.
BY: Final = (
    r"(?:written by|verfasst von|geschrieben von|écrit par|escrito por|scritto da|geschreven door|reported by"
    r"|reporting by|story by|text by|by|von|text von|par|por|di|door|av|af|przez|autor(?:a|in|es)?"
    r"|author|автор(?:ка|ы)?|текст|yazan|haber|müəllif|muallif|autore|auteur|skrevet av|написал[аи]?|بقلم|كتب|نوشته"
    r"|από)"
)
_BY = re.compile(rf"^\s*{BY}(?:\s*[:：]\s*|\s+)", re.IGNORECASE)
_AND = re.compile(
    r"\s*(?:[,;|/&+·•、，]|\s[-–—]\s|\s(?:and|und|et|y|e|en|og|och|ve|və|i|и|та|و|with|mit|con|avec)\s)\s*",
    re.IGNORECASE,
)
_PART_OF_ONE = re.compile(r"\s*(?:,|[-–—])\s*")
_ROLES: Final = re.compile(
    r"\b(?:report(?:er|ers|ing)|correspondent\w*|editor\w*|journalist\w*|writer|staff|columnist|contributor\w*|desk"
    r"|team|bureau"
    r"|newsroom|agenc(?:y|ies)|agentur\w*|redak[ct]\w*|redac\w+|rédaction|redaç\w+|redazione|redactie|admin\w*"
    r"|author|guest|web"
    r"|news|online|service|press|wire|media|tv|radio|редакци\w*|корреспондент\w*|агентство|admin|dpa|afp|reuters|ap"
    r"|afp|ansa|efe"
    r"|tass|тасс|риа|interfax|anadolu|bbc|cnn|producer|photographer|director|chief|senior|political|sports?"
    r"|inc|ltd|llc|gmbh|plc"  # a company signs for its agency
    r"|experts?|consultant|former|manager|analyst|founder|professor|fellow|specialist|strategist|bio|profile|about|über"
    r"|contact|follow|share|policy|privacy|text size|view|posts?|updated|published|forum|institut\w*|university"
    r"|department|ministry|association|foundation|magazine)\b",
    re.IGNORECASE,
)
_NOT_A_NAME = re.compile(r"https?:|www\.|@|[<>{}\[\]=\\#*_]|\d|\.(?:com|net|org|de|ru|az)\b", re.IGNORECASE)
_CASELESS = re.compile(r"[\u0590-\u0e7f\u1100-\u11ff\u3040-\u9fff\uac00-\ud7af]")  # scripts without capitals
_PARTICLES = frozenset(
    "van von de der den di da du del della dos das la le el al bin ibn ben abu ter ten zu zur af av y e i st".split()
)
_TITLE_AFTER = re.compile(r"\s*(?:기자|특파원|記者|记者|通讯员)$")  # "reporter", set after the name
_WORD = re.compile(r"\w+")
_DESKS: Final = frozenset(
    "redaktion redaktionen redaksjon redaksjonen rédaction redacción redaccion redação redacao redazione redactie"
    " redakcja redakce redakcia redakcija redacția toimitus редакция редакція newsroom desk staff team editors"
    " reporters bureau".split()
)
_NAMELESS: Final = frozenset(
    "the our die der la le el a of and web online digital news editorial editor reporter writer writers correspondent"
    " correspondents special guest author staff internet site website de nachrichten main general night day".split()
)
_SHORTENED = re.compile(r"\s(?:[^\W\d_]|[JS]r)$")
_LONGEST = 60  # characters of one name
_LONGEST_BYLINE = 2_000


@dataclass(frozen=True, slots=True)
class Signers:
    """Who signs bylines, as printed, each once and in order."""

    people: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()  # wire agencies
    desks: tuple[str, ...] = ()  # named newsrooms: "Herald Sports Desk", not "Staff Reporter"


def signers_in(bylines: Iterable[str], outlets: Collection[str] = ()) -> Signers:
    """The people, agencies and desks that sign these bylines; none by one of the outlet's bare names."""
    found: dict[str, dict[str, str]] = {"people": {}, "agencies": {}, "desks": {}, "": {}}
    for byline in bylines:
        for name, sort in _signing(byline[:_LONGEST_BYLINE]):
            if bare(name) not in outlets:
                found[sort].setdefault(bare(name), name)
    return Signers(**{sort: tuple(names.values()) for sort, names in found.items() if sort})


@lru_cache(maxsize=64)  # a page states the same byline up to six times
def _signing(byline: str) -> tuple[tuple[str, str], ...]:
    """The pieces of a byline that may sign it, and what sort of signer each is."""
    found: list[tuple[str, str]] = []
    described = False
    for name, mark in _pieces(byline):
        sort = _sort_of(name)
        if not (described and sort == "people"):
            found.append((name, sort))
        # What follows a comma is what a person is or works for: "Ann Lee, Director, Quay Lines and Bo Li".
        named = sort in ("people", "agencies")
        described = _PART_OF_ONE.fullmatch(mark) is not None and (described or not named)
    return tuple(found)


def names_in(bylines: Iterable[str], *, outlets: Iterable[str] = ()) -> tuple[str, ...]:
    """The people named in these bylines, in order, each once; () when they name none.

    outlets: names of the publisher, which is no person.
    """
    return signers_in(bylines, {bare(name) for name in outlets}).people


def is_desk(text: str) -> bool:
    """Whether a newsroom or a part of one goes by this name: a desk's word and one that is no role's."""
    words = set(_WORD.findall(text.casefold()))
    return len(text) <= _LONGEST and bool(words & _DESKS) and bool(words - _DESKS - _NAMELESS)


def is_author_label(text: str) -> bool:
    """Whether a label says that an author's name follows: "Written by", "Verfasst von"."""
    return _BY.fullmatch(f"{text.rstrip(':')} ") is not None


def byline_in(line: str) -> tuple[str, ...]:
    """The people a byline of its own names ("By Ann Lee"); () when the line is no byline."""
    if len(line) > 150 or not (found := _BY.match(line)):
        return ()
    pieces = [piece for piece in _AND.split(line[found.end() :].rstrip(". ")) if piece]
    names = tuple(piece for piece in pieces if is_name(piece))
    others = [piece for piece in pieces if not is_name(piece) and not _ROLES.search(piece)]
    return names if not others else ()


def is_name(text: str) -> bool:
    """Whether this could be one person's name: a few capitalised words and nothing else."""
    if is_author_label(text):
        return False
    if not 2 < len(text) <= _LONGEST or _NOT_A_NAME.search(text) or _ROLES.search(text):
        return len(text) == 2 and bool(_CASELESS.search(text))
    if _CASELESS.search(text):
        return len(text.split()) <= 6
    words = text.replace("'", " ").replace("’", " ").split()
    if not 1 < len(words) <= 6:
        return False
    return all(word[0].isupper() or word.lower() in _PARTICLES for word in words) and words[-1][0].isupper()


def _sort_of(name: str) -> str:
    if agency(name):
        return "agencies"
    if is_name(name):
        return "people"
    return "desks" if is_desk(name) else ""


def _pieces(byline: str) -> Iterator[tuple[str, str]]:
    """The pieces of a byline, and what stands behind each."""
    text = _BY.sub("", folded(byline))
    text = re.sub(r"\s?\([^()]{0,200}\)", "", text)  # "Ann Lee (Baku)"
    at = 0
    for mark in (*_AND.finditer(text), None):
        piece = text[at : mark.start() if mark else None]
        at = mark.end() if mark else at
        if piece:
            yield _cased(_TITLE_AFTER.sub("", _trimmed(piece))), mark[0] if mark else ""


def _trimmed(piece: str) -> str:
    words = piece.strip(" :-–—").strip(". ")
    # The dot of "Perry Bacon Jr." and "Shelia R." is a part of the name.
    return f"{words}." if _SHORTENED.search(words) and f"{words}." in piece else words


def _cased(name: str) -> str:
    # "ANN LEE" is how it is set, not how she is called.
    return name.title() if name.isupper() and len(name.split()) > 1 and not _CASELESS.search(name) else name
