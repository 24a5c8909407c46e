"""Hostile feeds, sitemaps and fronts: what they do to parsers, and how each of them must end."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from scraper.links import Kind

URL = "https://gazette.test/source"
STORY = "https://gazette.test/2026/11/20/storm-closes-the-harbour"  # the one link that each of them announces
LINK = "link"  # it is found
MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Source:
    """One document as the answer to a poll, and the words of which one must be its end: LINK, "nothing" or a reason."""

    kind: Kind
    name: str
    make: Callable[[], bytes]
    ends: str = LINK
    slow: bool = False  # takes more than a second: for torture

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"


Shape = Callable[..., bytes]  # of three texts: what stands before all, before the entry, and in it


def _rss(top: str = "", before: str = "", inside: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?>{top}<rss version="2.0"><channel><title>Gazette</title>{before}<item><title>Storm '
        f"closes the harbour</title>{inside}<link>{STORY}</link></item></channel></rss>"
    ).encode()


def _atom(top: str = "", before: str = "", inside: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?>{top}<feed xmlns="http://www.w3.org/2005/Atom"><title>Gazette</title>{before}<entry>'
        f'<title>Storm</title>{inside}<link href="{STORY}"/></entry></feed>'
    ).encode()


def _rdf(top: str = "", before: str = "", inside: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?>{top}<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        f'xmlns="http://purl.org/rss/1.0/"><channel><title>Gazette</title></channel>{before}<item><title>Storm</title>{inside}'
        f"<link>{STORY}</link></item></rdf:RDF>"
    ).encode()


def _sitemap(top: str = "", before: str = "", inside: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?>{top}<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{before}<url>{inside}'
        f"<loc>{STORY}</loc></url></urlset>"
    ).encode()


def _front(top: str = "", before: str = "", inside: str = "") -> bytes:
    return (
        f"{top}<html><head><title>Gazette</title></head><body>{before}<main>{inside}<h2><a href='{STORY}'>Storm "
        "closes the harbour</a></h2></main></body></html>"
    ).encode()


SHAPES: tuple[tuple[str, Kind, Shape], ...] = (
    ("rss", "feed", _rss),
    ("atom", "feed", _atom),
    ("rdf", "feed", _rdf),
    ("urlset", "sitemap", _sitemap),
    ("front", "front", _front),
)
XML = SHAPES[:4]


def _index(before: str) -> bytes:
    return f"<sitemapindex>{before}</sitemapindex>".encode()


def _plain(before: str) -> bytes:
    return before.encode()


def _many(made: Callable[..., bytes], entry: str, count: int) -> bytes:
    return made(before="".join(entry.format(number) for number in range(count)))


def entities(canary: str = "file:///etc/passwd") -> Iterator[Source]:
    """Doctypes: none of them is read, none of them hides the story."""
    laughs = "<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
    doctypes = {
        "external": f'<!DOCTYPE x SYSTEM "{canary}">',
        "public": f'<!DOCTYPE x PUBLIC "-//x" "{canary}">',
        "entity": f'<!DOCTYPE x [<!ENTITY secret SYSTEM "{canary}">]>',
        "parameter": f'<!DOCTYPE x [<!ENTITY % p SYSTEM "{canary}"> %p;]>',
        "laughs": f"<!DOCTYPE x [{laughs}]>",
        "quadratic": f"<!DOCTYPE x [<!ENTITY secret '{'h' * 100_000}'>]>",
        "attlist": f'<!DOCTYPE x [<!ATTLIST title a CDATA "{canary}">]>',
        "notation": f'<!DOCTYPE x [<!NOTATION n SYSTEM "{canary}">]>',
        "quoted bracket": '<!DOCTYPE x [<!ENTITY secret "]>"><!ENTITY b "x">]>',
        "comment": "<!DOCTYPE x [<!-- ]> -->]>",
        "recursive": '<!DOCTYPE x [<!ENTITY secret "&b;"><!ENTITY b "&secret;">]>',
        "lower case": "<!doctype x>",
        "after a comment": f'<!-- x --><?x y?><!DOCTYPE x [<!ENTITY secret SYSTEM "{canary}">]>',
    }
    for name, doctype in doctypes.items():
        for shape, kind, made in XML:
            body = made(doctype, "", "<x>&secret;&a9;</x>")
            yield Source(kind, f"{shape} {name}", partial(bytes, body))
            if shape in ("rss", "urlset"):
                for codec in ("utf-16", "utf-16-le", "utf-16-be"):
                    coated = body.decode().encode(codec)
                    yield Source(kind, f"{shape} {name} {codec}", partial(bytes, coated))
    hidden = _rss('<!DOCTYPE x [<!ENTITY secret "x">]>').decode().replace('"1.0"', '"1.0" encoding="utf-7"')
    yield Source(
        "feed", "doctype in utf-7", lambda: hidden.replace("<!", "+ADwAIQ-").encode(), "link nothing not-a-feed"
    )
    for label in (
        "utf-7",
        "rot13",
        "base64",
        "utf-32",
        "ebcdic-cp-us",
        "cp037",
        "no-such",
        "unicode_escape",
        "x" * 5_000,
    ):
        for shape, kind, made in XML:
            body = made().replace(b'"1.0"', f'"1.0" encoding="{label}"'.encode(), 1)
            yield Source(kind, f"{shape} declared as {label[:20]}", partial(bytes, body))
    for codec in ("utf-32", "utf-32-le", "utf-32-be", "cp037"):
        for shape, kind, made in (XML[0], XML[3]):
            body = made().decode().encode(codec)
            yield Source(kind, f"{shape} in {codec}", partial(bytes, body), "link not-a-feed not-a-sitemap")


def floods() -> Iterator[Source]:
    pieces = {
        "nested": ("<x>" * 1_500, "link nothing not-a-sitemap"),
        "nested too deep": ("<x>" * 200_000, "too-deep"),
        "closed": ("<x>" * 5_000 + "</x>" * 5_000, "link nothing not-a-sitemap"),
        "siblings": ("<x/>" * 12_000, LINK),
        "too many": ("<x/>" * 1_200_000, "too-many-tags link"),
        "attributes": (f"<x {' '.join(f'a{i}=&quot;b&quot;' for i in range(60))}/>", LINK),
        "attribute flood": ("<x " + " ".join(f'a{i}="b"' for i in range(60_000)) + "/>", "too-many-attributes link"),
        "same attribute": ("<x " + 'a="b" ' * 60_000 + "/>", "too-many-attributes link"),
        "long attribute": (f'<x a="{"b" * 2 * MB}"/>', "tag-too-long link"),
        "namespaces": ("<x " + " ".join(f'xmlns:n{i}="u{i}"' for i in range(400)) + "/>", LINK),
        "text": (f"<x>{'word ' * 200_000}</x>", LINK),
        "cdata": ("<x><![CDATA[" + "<div>" * 100_000 + "]]></x>", LINK),
        "cdatas": ("<x>" + "<![CDATA[x]]>" * 20_000 + "</x>", LINK),
        "comments": ("<!-- x -->" * 50_000, LINK),
        "instructions": ("<?x y?>" * 20_000, LINK),
        "references": (f"<x>{'&#65;' * 100_000}</x>", LINK),
        "unknown entities": (f"<x>{'&nosuch;' * 5_000}</x>", LINK),
        "half a character": ("<x>&#xD800;&#xDFFF;&#x110000;&#0;</x>", LINK),
        "huge reference": (f"<x>&#{'9' * 10_000};</x>", LINK),
        "not closed": ("<x>", "link nothing"),
        "closed twice": ("</x>" * 50, "link nothing not-a-feed not-a-sitemap"),
        "lt": ("<" * 5_000, "link nothing not-a-feed not-a-sitemap"),
        "amp": ("&" * 5_000, LINK),
        "comment open": ("<!--", "nothing not-a-feed not-a-sitemap"),
        "cdata open": ("<![CDATA[", "nothing link not-a-feed not-a-sitemap"),
        "names": ("".join(f"<n{i}/>" for i in range(30_000)), LINK),
        "long name": (f"<{'n' * 100_000}/>", "link nothing"),
        "colons": ("<a:b:c:d/>" * 100, LINK),
        "nul": ("\0" * 100, "link nothing not-a-feed not-a-sitemap"),
        "html": ("<html><body><p>x<br>y</body></html>" * 20, "link nothing not-a-sitemap not-a-feed"),
        "bidi": ("\u202e\u2066" * 10_000, LINK),
    }
    ends_of_fronts = {
        "nested": LINK,
        "closed": "too-deep",
        "names": "too-deep",
        "siblings": "too-deep",
        "cdata": "too-deep",
        "comment open": "nothing",
        "cdata open": "link nothing",
    }
    for name, (piece, ends) in pieces.items():
        for shape, kind, made in SHAPES:
            body = partial(made, "", piece, "")
            expected = ends if kind != "front" else ends_of_fronts.get(name, f"{ends} link")
            yield Source(kind, f"{shape} {name}", body, expected, slow=len(piece) > MB)
            if len(piece) < 200_000 and kind != "front":
                body = partial(made, "", "", piece)
                yield Source(kind, f"{shape} {name} within", body, f"{ends} link nothing not-a-feed")


def endless() -> Iterator[Source]:
    entry = "<item><title>Another story of the day</title><link>https://gazette.test/2026/11/20/story-number-{}</link></item>"
    for count in (3_000, 100_000, 1_000_000):
        ends = "nothing" if count < MB else "too-large"
        yield Source("feed", f"rss of {count}", partial(_many, _rss, entry, count), ends, slow=count > 3_000)
    url = "<url><loc>https://gazette.test/2026/11/20/story-number-{}</loc></url>"
    for count in (3_000, 60_000, 1_000_000):
        ends = LINK if count < 50_000 else "nothing too-large"
        yield Source("sitemap", f"of {count}", partial(_many, _sitemap, url, count), ends, slow=count > 3_000)
    child = "<sitemap><loc>https://gazette.test/{}.xml</loc></sitemap>"
    yield Source("sitemap", "index of 60,000", partial(_many, _index, child, 60_000), "nothing", slow=True)
    line = "https://gazette.test/2026/11/20/story-{}\n"
    yield Source("sitemap", "lines", partial(_many, _plain, line, 200_000), "nothing", slow=True)
    yield Source("sitemap", "bomb", lambda: gzip.compress(_sitemap() + b" " * 200 * MB, 9), LINK, slow=True)
    yield Source(
        "sitemap", "members", lambda: gzip.compress(b"") * 100_000 + gzip.compress(_sitemap()), LINK, slow=True
    )
    yield Source("sitemap", "cut gzip", lambda: gzip.compress(_sitemap())[:-9], "link nothing not-a-sitemap")
    anchors = "".join(f"<h2><a href='/2026/11/20/story-{number}'>x</a></h2>" for number in range(30_000))
    yield Source("front", "of 30,000", lambda: _front(before=anchors), "nothing link", slow=True)
    yield Source("front", "20 MB", lambda: _front() + b" " * 20 * MB, LINK, slow=True)
    feeds = "".join(f'<link rel="alternate" type="application/rss+xml" href="/{number}">' for number in range(5_000))
    yield Source("front", "of 5,000 feeds", lambda: _front(feeds), LINK)
    cards = "<div><a href='/x'>" * 4_000
    yield Source("front", "anchors in each other", lambda: _front(before=cards), "link nothing too-deep", slow=True)


def json_feeds() -> Iterator[Source]:
    entry = json.dumps({"url": STORY, "title": "Storm closes the harbour"})
    version = '"version": "https://jsonfeed.org/version/1.1"'
    bodies = {
        "deep": (f'{{{version}, "x": {"[" * 100_000}', "not-a-feed nothing"),
        "deep within": (f'{{{version}, "items": [{entry}, {"[" * 100_000}', LINK),
        "digits": (f'{{{version}, "x": {"9" * 100_000}, "items": [{entry}]}}', LINK),
        "nan": (f'{{{version}, "x": NaN, "items": [{entry}]}}', LINK),
        "surrogates": (
            f'{{{version}, "title": "\\ud800", "items": [{entry}, {{"url": "https://gazette.test/\\udfff"}}]}}',
            LINK,
        ),
        "cut": (f'{{{version}, "items": [{entry}, {{"url": "', LINK),
        "items": (f'{{{version}, "items": [{", ".join(["{}"] * 200_000)}, {entry}]}}', "nothing"),
        "types": (f'{{{version}, "title": 5, "items": [5, [], null, {{"url": 5}}, {{"url": []}}, {entry}]}}', LINK),
        "no list": (f'{{{version}, "items": {{"a": {entry}}}}}', "not-a-feed nothing"),
        "commas": (f'{{{version}, "items": [{"," * 500_000}{entry}', LINK),
        "same key": ("{" + '"items": [],' * 100_000 + f'"items": [{entry}]}}', LINK),
        "dates": (f'{{{version}, "items": [{{"url": "{STORY}", "date_published": "{"9" * 100_000}"}}]}}', LINK),
        "nul": (f'{{{version}, "title": "\\u0000", "items": [{entry}]}}', LINK),
        "url of a megabyte": (f'{{{version}, "items": [{{"url": "https://gazette.test/{"a" * MB}"}}, {entry}]}}', LINK),
        "spaces": (f'{{{version}, "items": [{" " * MB}{entry}]}}', LINK),
    }
    for name, (body, ends) in bodies.items():
        yield Source("feed", f"json {name}", partial(body.encode, "utf-8", "replace"), ends)


def values() -> Iterator[Source]:
    """What stands where a date, a link or a headline should."""
    texts = {
        "digits": "9" * 5_000,
        "date": "2026-" * 5_000,
        "commas": "," * 5_000,
        "spaces": " " * 5_000,
        "mail date": "Fri, " * 2_000,
        "zone": "2026-11-20T00:00:00+99:99",
        "year": "99999-01-01",
        "parentheses": "(" * 5_000,
        "script": "javascript:alert(1)",
        "file": "file:///etc/passwd",
        "data": "data:text/html,x",
        "ipv6": "http://[::1",
        "port": "http://gazette.test:99999/a-long-story-of-the-day",
        "user": "http://" + "a" * 5_000 + "@gazette.test/x",
        "punycode": "http://xn--" + "a" * 500 + ".test/",
        "idn": "http://" + "ß" * 300 + ".test/",
        "percent": "http://gazette.test/" + "%" * 3_000,
        "dots": "http://gazette.test/" + "../" * 3_000,
        "newline": "http://gazette.test/a\r\nHost: x",
        "nul": "http://gazette.test/&#0;",
        "markup": "&lt;b&gt;" * 2_000,
        "amps": "&amp;" * 5_000,
        "reference": "&amp;#" + "9" * 5_000 + ";",
        "marks": "a" + "\u0301\u0323" * 2_000,
        "control": "\u001b[31m\u0007",
    }
    for name, text in texts.items():
        rss = "".join(
            f"<{tag}>{text}</{tag}>" for tag in ("pubDate", "guid", "description", "author", "category", "ttl")
        )
        yield Source("feed", f"rss value {name}", partial(_rss, inside=rss))
        other = f"<item><title>{text}</title><link>{text}</link><pubDate>{text}</pubDate></item>"
        yield Source("feed", f"rss entry {name}", partial(_rss, before=other))
        url = f"<url><loc>{text}</loc><lastmod>{text}</lastmod></url>"
        yield Source("sitemap", f"value {name}", partial(_sitemap, before=url))
        quoted = text.replace("'", "")
        feed = f"<link rel=alternate href='{quoted}' type='application/rss+xml'>"
        anchor = f"<a href='{quoted}'>{text}</a><base href='{quoted}'>{feed}"
        far = name in (
            "port",
            "user",
            "punycode",
            "idn",
            "ipv6",
            "file",
        )  # another base; the story's own link is absolute
        yield Source("front", f"value {name}", partial(_front, before=anchor), f"link{' nothing' * far}")


SOURCES = tuple(source for made in (entities, floods, endless, json_feeds, values) for source in made())
