"""OPML: the subscription lists that feed readers export.  Source: opml.org, version 2.0."""

import re
from collections.abc import Mapping

from lxml import etree

from scraper.errors import Unreadable
from scraper.sources import Source
from scraper.urls import join, key, site


def read_opml(body: bytes, subject: str = "OPML") -> tuple[Source, ...]:
    """The feeds of a subscription list, each once; the folders they lie in, and their categories, become tags.

    subject: what errors call it. A broken list gives what it holds.
    Raises Unreadable(subject, "not-opml", …) for anything else.  Source: opml.org, version 2.0.
    """
    try:
        return _opml_sources(_opml_root(body, subject))
    except UnicodeDecodeError as error:  # "&#xD800;": libxml2 lets it pass when it recovers
        raise Unreadable(subject, "not-opml", "half a character stands in it") from error


def _opml_sources(root: etree._Element) -> tuple[Source, ...]:
    once: dict[str, Source] = {}
    for outline in root.iter("{*}outline"):
        told = {str(name).lower(): str(value).strip() for name, value in outline.attrib.items()}
        url = join(told.get("xmlurl", ""), "")
        if url:
            name = told.get("title") or told.get("text") or site(url)
            once.setdefault(key(url), Source(url=url, kind="feed", name=name, tags=_opml_tags(outline, told)))
    return tuple(once.values())


def _opml_root(body: bytes, subject: str) -> etree._Element:
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        root = etree.fromstring(body.lstrip(b"\xef\xbb\xbf \t\r\n"), parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(subject, "not-opml", "no XML can be read in it") from error
    if root is None or not isinstance(root.tag, str) or root.tag.rpartition("}")[2].lower() != "opml":
        raise Unreadable(subject, "not-opml", "its root is not <opml>; export your subscriptions as OPML")
    return root


def _opml_tags(outline: etree._Element, told: Mapping[str, str]) -> tuple[str, ...]:
    """Folders from the outermost, then categories ("/news/europe,asia")."""
    folders = [folder.get("text") or folder.get("title") or "" for folder in outline.iterancestors("{*}outline")]
    words = (*reversed(folders), *re.split(r"[,/]", told.get("category", "")))
    tags = ("-".join(str(word).lower().split()) for word in words)
    return tuple(dict.fromkeys(tag for tag in tags if tag))
