"""The picture that leads an article: its address, and its caption and credit apart from the text."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from selectolax.lexbor import LexborNode

from scraper.extract import cues
from scraper.extract.facts.declared import Declared, Node, texts
from scraper.extract.facts.headlines import words_of
from scraper.extract.form import unescaped

_LONGEST_CAPTION = 1_000  # characters; more is the article's text
_LONGEST_CREDIT = 200
_LONGEST_URL = 2_000
_MOST_FIGURES = 10
_SHORTEST_NAME = 5  # characters of a file's name that is one picture's
_METAS: Final = ("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src")
_CREDITED: Final = ("creditText", "author", "creator", "copyrightHolder", "copyrightNotice")
_CREDITS: Final = (
    '[class*="credit" i], [class*="copyright" i], [class*="source" i], [class*="photographer" i], [class*="author" i],'
    ' [class*="byline" i], [itemprop~="copyrightHolder"], [itemprop~="author"], [itemprop~="creditText"], cite, small'
)
_LABEL = re.compile(
    r"[\s(\[—–|/.,©-]*(?:(?:photo(?:graph)?s?|pictures?|images?|fotos?|bild(?:er)?|credits?|crédits?|quelle|source|fonte"
    r"|copyright|фото|fotoğraf|写真|사진)(?:[ -]credit)?(?:\s?[:：©/]|\sby\s|\svon\s|\spar\s)\s?)?(?:[©]\s?)?",
    re.IGNORECASE,
)
_SIZE = re.compile(r"[-_.]?\d{2,5}x\d{2,5}|\.\w{2,5}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture and what is said of it; the origins of each under the names that facts have."""

    url: str | None = None  # absolute, http or https
    caption: str | None = None
    credit: str | None = None  # who made it or owns it, without "Photo:" or ©
    origins: Mapping[str, str] = field(default_factory=dict)


def lead_picture(page: Declared) -> Picture:
    """The picture that the page declares as its article's, else that of its first figure.

    What JSON-LD leaves out of caption and credit is told by the caption of the figure that shows the picture; where
    none does, of the article's first figure.
    """
    url, origin, node = next(_declared(page), (None, "", {}))
    stated = _parted(next(iter(texts(node.get("caption")) or texts(node.get("description"))), ""))
    credited = _first_of((_unlabelled(text) for key in _CREDITED for text in texts(node.get(key))), _LONGEST_CREDIT)
    stated = stated[0], credited or stated[1]
    figure = _figure(page, url) if url is None or not all(stated) else None
    shown = _printed(figure) if figure is not None else (None, None)
    if url is None and figure is not None and (image := figure.css_first("img[src]")) is not None:
        url, origin = page.absolute(image.attributes.get("src")), "html"
    found = {"image": (origin, url)}
    for name, said, told in zip(("image_caption", "image_credit"), stated, shown, strict=True):
        found[name] = ("json-ld", said) if said else ("html", told)
    return Picture(
        url=url,
        caption=found["image_caption"][1],
        credit=found["image_credit"][1],
        origins={name: where for name, (where, value) in found.items() if value},
    )


def _declared(page: Declared) -> Iterator[tuple[str, str, Node]]:
    """(address, origin, JSON-LD node) of each picture that the page declares."""
    for node in page.articles:
        for key in ("image", "thumbnailUrl"):
            for image in _listed(node.get(key)):
                picture = _named(page, image)
                if url := _address(page, picture):
                    yield url, "json-ld", picture if isinstance(picture, dict) else {}
    for _, address in page.in_metas(*_METAS):
        if url := _address(page, address):
            yield url, "meta", {}


def _listed(value: Any) -> list[Any]:
    return value[:_MOST_FIGURES] if isinstance(value, list) else [value]


def _named(page: Declared, value: Any) -> Any:
    """The node that is only named here, by its @id."""
    if not isinstance(value, dict) or value.get("url") or value.get("contentUrl") or not value.get("@id"):
        return value
    return next((node for node in page.nodes if node.get("@id") == value["@id"] and node is not value), value)


def _address(page: Declared, image: Any) -> str | None:
    if isinstance(image, dict):
        image = image.get("url") or image.get("contentUrl") or image.get("@id")
    if not isinstance(image, str) or not image.strip() or len(image) > _LONGEST_URL:
        return None
    return page.absolute(unescaped(image))


def _figure(page: Declared, url: str | None) -> LexborNode | None:
    """The figure that shows the picture, else the article's first one."""
    figures = page.figures[:_MOST_FIGURES]
    if url and len(name := _file_of(url)) >= _SHORTEST_NAME:
        for figure in figures:
            if name in (figure.html or ""):
                return figure
    return next((figure for figure in figures if _is_article_s(figure)), None)


def _file_of(url: str) -> str:
    """What the addresses of a picture's sizes have in common: the file's name without its size."""
    return _SIZE.sub("", url.partition("?")[0].rpartition("/")[2])


def _is_article_s(figure: LexborNode) -> bool:
    at = figure.parent
    while at is not None and at.tag not in ("aside", "footer", "nav"):
        if at.tag in ("article", "main"):
            return figure.css_first("img") is not None
        at = at.parent
    return False


def _printed(figure: LexborNode) -> tuple[str | None, str | None]:
    """The caption of a figure and its credit, which stands in an element of its own or at the caption's end."""
    element = figure.css_first("figcaption")
    if element is None:
        return None, None
    whole, marked = words_of(element), element.css_first(_CREDITS)
    credit = words_of(marked) if marked is not None else ""
    if not credit or len(credit) > _LONGEST_CREDIT or (credit == whole and _parted(whole)[1]):
        return _parted(whole)
    caption = " ".join(whole.replace(credit, " ", 1).split())
    return _first_of([_trimmed(caption)], _LONGEST_CAPTION), _first_of([_unlabelled(credit)], _LONGEST_CREDIT)


def _parted(caption: str) -> tuple[str | None, str | None]:
    """The caption, and the credit at its end: "The ferry. Photo: Ann Lee/AP"."""
    end = caption[-_LONGEST_CREDIT:]
    found = cues.CREDIT_END.search(end) or cues.AGENCY_END.search(end)
    at = len(caption) - len(end) + found.start() if found else len(caption)
    words, credit = _trimmed(caption[:at]), _unlabelled(caption[at:])
    return _first_of([words], _LONGEST_CAPTION), _first_of([credit], _LONGEST_CREDIT)


def _trimmed(caption: str) -> str:
    return caption.strip(" |–—-").rstrip(" |–—-/([")


def _unlabelled(credit: str) -> str:
    label = _LABEL.match(credit)
    words = (credit[label.end() :] if label else credit).strip(" .;,|")
    return words.rstrip(")]") if words.count("(") < words.count(")") or "]" in words else words


def _first_of(values: Iterable[str], longest: int) -> str | None:
    return next((value for value in values if 1 < len(value) <= longest), None)
