"""The article in a page that only its scripts would print: in the state they carry, as a string of markup.

Next.js, Nuxt and their like send `{"contentHtml": "\\u003cp\\u003eThe ferry …"}` and leave the body empty.
"""

import json
import re
from collections.abc import Iterator
from typing import Final

from scraper.extract.tree import FOR_LEXBOR
from scraper.scan import fault

_STRING: Final = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z)', re.DOTALL)  # one that never ends is read but once
_PAIR: Final = re.compile(r'"\s{0,5}:\s{0,5}"')  # of a name and a value: JSON in a string
_END_OF_PARAGRAPH: Final = re.compile(r"(?:<|\\u003c)\\{0,4}/p(?:>|\\{1,4}u003e)", re.IGNORECASE)
_FEWEST: Final = 3  # paragraphs in a string that may be an article
_LARGEST: Final = 5_000_000  # characters of a page
_DEEPEST: Final = 2  # strings in strings


def markup_in_state(page: bytes) -> str:
    """The string of markup with the most in it among those in the page's scripts; "" when there is none.

    page: in UTF-8.
    """
    text = page[:_LARGEST].decode("utf-8", "replace")
    scripts = (script for script in _scripts(text) if _END_OF_PARAGRAPH.search(script))
    found = (string for script in scripts for string in _strings(script, _DEEPEST))
    best = max(found, key=len, default="")
    return best if best and fault(best.encode("utf-8", "replace"), FOR_LEXBOR) is None else ""


def _scripts(text: str) -> Iterator[str]:
    for piece in text.split("<script")[1:]:
        yield piece.partition("</script")[0].partition(">")[2]


def _strings(script: str, deep: int) -> Iterator[str]:
    for literal in _STRING.findall(script):
        if len(_END_OF_PARAGRAPH.findall(literal)) < _FEWEST:
            continue
        try:
            said = json.loads(literal, strict=False)
        except (ValueError, RecursionError):
            continue  # not JSON: the quotes of a script's own code
        inner = list(_strings(said, deep - 1)) if deep > 1 and _PAIR.search(said) else []
        if inner:
            yield from inner
        elif said.count("</p>") >= _FEWEST:
            yield said
