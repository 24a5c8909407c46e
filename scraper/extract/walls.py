"""Why a page holds no article: what its text and its markup show it to be instead."""

import re
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from archive.records import count_words
from scraper.extract.facts import Facts
from scraper.extract.form import Line, folded

FEW: Final = 60  # words; a wall or a shell has no more
_SHELL_IDS: Final = frozenset(("root", "app", "__next", "__nuxt", "___gatsby", "react-root", "svelte"))
_SHELL_STATES: Final = (b"self.__next_f", b"__NEXT_DATA__", b"__NUXT__", b"__APOLLO_STATE__", b"__INITIAL_STATE__")
_SCRIPT_WANTED = re.compile(
    r"(?:enable|activate|turn on|requires?|need|without) .{0,30}java ?script|java ?script .{0,40}(?:disabled"
    r"|enabled?|required|aktivier|activ)"
    r"|включите .{0,20}javascript|javascript'?i .{0,20}etkin",
    re.IGNORECASE,
)
_WALL = re.compile(
    r"verify(?:ing)? (?:that )?you are (?:a )?human|are you (?:a )?(?:human|robot)|not a robot|captcha"
    r"|checking your browser|just a moment"
    r"|access (?:to this page has been )?denied|unusual (?:traffic|activity)|attention required|request blocked"
    r"|ddos protection"
    r"|(?:accept|allow|reject|manage) (?:all )?(?:the )?cookies|we (?:and our .{0,30}partners )?(?:use|store"
    r"|value) .{0,40}(?:cookies|privacy)"
    r"|consent (?:to|or pay)|cookies? (?:akzeptieren|zustimmen|accepter|aceptar|accettare)"
    r"|mit werbung (?:weiter)?lesen|accepter et continuer"
    r"|(?:log|sign) ?in to (?:continue|read)|(?:subscribe|register) to (?:continue|read|keep reading)"
    r"|already a subscriber",
    re.IGNORECASE,
)
WORDS_FOR: Final = {  # each reason's
    "empty": "the response has no body",
    "front": "the page is a front: a list of articles",
    "needs-javascript": "the page has no text until a browser runs its scripts",
    "wall": "the page shows a wall (consent, login or a check for robots) instead of an article",
    "no-text": "the page has no text that reads as an article",
}


def words_of(lines: tuple[Line, ...]) -> int:
    """The words of all lines."""
    return sum(count_words(line.text) for line in lines)


def why_not(lines: tuple[Line, ...], facts: Facts) -> str | None:
    """What its text shows the page to be instead of an article: the reason's word, None when it shows nothing."""
    said = " ".join(line.text for line in lines)
    words = words_of(lines)
    if facts.is_front:
        return "front"
    if words < FEW and _SCRIPT_WANTED.search(said):
        return "needs-javascript"
    return "wall" if words < _fewest_before_a_wall(facts) and _WALL.search(said) else None


def why_no_text(lines: tuple[Line, ...], facts: Facts, page: bytes) -> str | None:
    """Why the text is too little for an article; None when it is enough.  page: scanned, in UTF-8."""
    words = words_of(lines)
    if words >= FEW or (words and facts.is_article) or any(count_words(line.text) >= 8 for line in lines):
        return None
    tree = LexborHTMLParser(page)  # one that is whole: a shell shows itself by its scripts
    if _is_shell(tree, page):
        return "needs-javascript"
    body = tree.body
    return "wall" if body and _WALL.search(folded(body.text(separator=" "))[:4000]) else "no-text"


def _fewest_before_a_wall(facts: Facts) -> int:
    """Words that make an article in spite of a wall below them; of what is stated to be open no wall is believed."""
    if not facts.is_article:
        return 2 * FEW
    return FEW if facts.access == "teaser" else 0


def _is_shell(tree: LexborHTMLParser, page: bytes) -> bool:
    if any(_SCRIPT_WANTED.search(node.text()) for node in tree.css("noscript")):
        return True
    mounts = any(node.id in _SHELL_IDS for node in tree.css("div[id]"))
    return (mounts and b"<script" in page) or any(state in page for state in _SHELL_STATES)
