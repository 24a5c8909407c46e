"""Names of people in a byline: "By Ann Lee and Bo Li, Senior Reporters" is two of them."""

import re
from collections.abc import Iterable
from typing import Final

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
    r"\s*(?:[,;|/&+·•、，]|\s(?:and|und|et|y|e|en|og|och|ve|və|i|и|та|و|with|mit|con|avec)\s)\s*", re.IGNORECASE
)
_ROLES: Final = re.compile(
    r"\b(?:report(?:er|ers|ing)|correspondent\w*|editor\w*|journalist\w*|writer|staff|columnist|contributor\w*|desk"
    r"|team|bureau"
    r"|newsroom|agenc(?:y|ies)|agentur\w*|redak[ct]\w*|redac\w+|rédaction|redaç\w+|redazione|redactie|admin\w*"
    r"|author|guest|web"
    r"|news|online|service|press|wire|media|tv|radio|редакци\w*|корреспондент\w*|агентство|admin|dpa|afp|reuters|ap"
    r"|afp|ansa|efe"
    r"|tass|тасс|риа|interfax|anadolu|bbc|cnn|producer|photographer|director|chief|senior|political|sports?"
    r"|inc|ltd|llc|gmbh|plc)\b",  # a company signs for its agency
    re.IGNORECASE,
)
_NOT_A_NAME = re.compile(r"https?:|www\.|@|[<>{}\[\]=\\#*_]|\d|\.(?:com|net|org|de|ru|az)\b", re.IGNORECASE)
_CASELESS = re.compile(r"[\u0590-\u0e7f\u1100-\u11ff\u3040-\u9fff\uac00-\ud7af]")  # scripts without capitals
_PARTICLES = frozenset(
    "van von de der den di da du del della dos das la le el al bin ibn ben abu ter ten zu zur af av y e i st".split()
)
_TITLE_AFTER = re.compile(r"\s*(?:기자|특파원|記者|记者|通讯员)$")  # "reporter", set after the name
_LONGEST = 60  # characters of one name


def names_in(bylines: Iterable[str], *, outlets: Iterable[str] = ()) -> tuple[str, ...]:
    """The people named in these bylines, in order, each once; () when they name none.

    outlets: names of the publisher, which is no person.
    """
    not_people = {bare(name) for name in outlets}
    names = [name for byline in bylines for name in _split(byline) if is_name(name) and bare(name) not in not_people]
    return tuple({bare(name): name for name in reversed(names)}[key] for key in dict.fromkeys(map(bare, names)))


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
    if not 2 < len(text) <= _LONGEST or _NOT_A_NAME.search(text) or _ROLES.search(text):
        return len(text) == 2 and bool(_CASELESS.search(text))
    if _CASELESS.search(text):
        return len(text.split()) <= 6
    words = text.replace("'", " ").replace("’", " ").split()
    if not 1 < len(words) <= 6:
        return False
    return all(word[0].isupper() or word.lower() in _PARTICLES for word in words) and words[-1][0].isupper()


def _split(byline: str) -> list[str]:
    text = _BY.sub("", folded(byline))
    text = re.sub(r"\s*\([^)]*\)", "", text)  # "Ann Lee (Baku)"
    return [_cased(_TITLE_AFTER.sub("", piece.strip(" .:-–—"))) for piece in _AND.split(text) if piece]


def _cased(name: str) -> str:
    # "ANN LEE" is how it is set, not how she is called.
    return name.title() if name.isupper() and len(name.split()) > 1 and not _CASELESS.search(name) else name
