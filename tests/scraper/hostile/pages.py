"""Hostile pages by class, each around the sample article: what they do to parsers, and how each of them must end."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from tests.scraper.extract.pages import HEADLINE, ld, page, paragraphs

TEXT = "text"  # all of the article's sentences are in the text
MOST = "most"  # all but the one with letters that this page does not spell
OTHER = "other"  # some other text, as a browser would show it
MB = 1_000_000
HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Hostile:
    """One document, and the words of which one must be its end: TEXT, MOST, OTHER or a reason."""

    kind: str
    name: str
    make: Callable[[], bytes]
    ends: str = TEXT
    slow: bool = False  # takes more than a second: for torture
    head: bytes = HTML

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"


@dataclass(frozen=True, slots=True)
class Times:
    """A piece so many times over, between two others; made when it is needed."""

    piece: str
    times: int
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        return self.before + self.piece * self.times + self.after


def _with(before: str | Times = "", after: str | Times = "", *, head: str | Times = "") -> Callable[[], bytes]:
    return lambda: page(f"{before}{paragraphs()}{after}", head=str(head))


def _beside(piece: Times) -> Callable[[], bytes]:
    return lambda: page(around=str(piece))


def _raw(change: Callable[[bytes], bytes]) -> Callable[[], bytes]:
    return lambda: change(page())


def nesting() -> Iterator[Hostile]:
    tags = "div b i span table blockquote section center em details object font q"
    for tag in tags.split():
        for depth in (253, 1_000, 2_044, 5_000, 20_000):
            opened, closed = f"<{tag}>" * depth, f"</{tag}>" * depth
            yield Hostile("nested", f"{tag} {depth}", _with(opened, closed), slow=depth > 5_000)
        yield Hostile("nested unclosed", f"{tag} 3000", _with(f"<{tag}>" * 3_000))
        yield Hostile("nested below", f"{tag} 30000", _with("", f"<{tag}>" * 30_000))
    for tag in ("div", "b", "table", "blockquote"):
        yield Hostile("nested", f"{tag} 100000", _with(f"<{tag}>" * 100_000, f"</{tag}>" * 100_000), slow=True)
    for opened in (
        "<ul><li>",
        "<dl><dd>",
        "<p><b><i><a>",
        "<table><tr><td>",
        "<a href=x><div>",
        "<b><div></b>",
        "<font><p>",
        "<svg><g>",
        "<math><mrow>",
        "<form><div>",
        "<nobr><p>",
    ):
        for times in (300, 2_000, 12_000, 50_000):
            yield Hostile("nested pairs", f"{opened} {times}", _with(opened * times), slow=times > 300)
        yield Hostile("nested pairs below", opened, _with("", opened * 4_000))


def attributes() -> Iterator[Hostile]:
    shapes = {
        "bare": lambda n: " ".join(f"a{i}" for i in range(n)),
        "valued": lambda n: " ".join(f"a{i}=b" for i in range(n)),
        "same": lambda n: "a=b " * n,
        "hiding >": lambda n: " ".join(f'a{i}=">"' for i in range(n)),
        "hiding <": lambda n: " ".join(f"a{i}='<p'" for i in range(n)),
        "unspaced": lambda n: "".join(f'a{i}="b"' for i in range(n)),
        "slashed": lambda n: "/".join(f"a{i}" for i in range(n)),
    }
    for name, made in shapes.items():
        for count in (499, 5_000, 20_000, 80_000):
            flood = f"<p {made(count)}>It rained.</p>"
            yield Hostile("attributes", f"{name} {count}", _with(flood), slow=count > 20_000)
    flood = "<p " + " ".join(f"a{i}" for i in range(400)) + ">"
    yield Hostile("attributes", "400 in each of 2000 tags", _with(Times(flood, 2_000)), slow=True)
    yield Hostile("attributes", "a million", _with(Times("a b2 c3d ", MB // 3, "<p ", ">It rained.</p>")), slow=True)
    yield Hostile("attributes", "of an end tag", _with("</p " + shapes["bare"](20_000) + ">"))
    yield Hostile("attributes", "of html", _raw(lambda raw: raw.replace(b"<html ", b"<html " + b"b1 c2 d3 " * 9_000)))


def long_tags() -> Iterator[Hostile]:
    for size in (1, 11, 20):
        slow = size > 1
        yield Hostile(
            "long attribute",
            f"data: {size} MB",
            _with(Times("A", size * MB, '<img src="data:image/png;base64,', '">')),
            slow=slow,
        )
        yield Hostile(
            "long attribute",
            f"title {size} MB",
            _with(Times("A", size * MB, '<p title="', '">It rained.</p>')),
            slow=slow,
        )
        yield Hostile(
            "long attribute",
            f"unquoted {size} MB",
            _with(Times("A", size * MB, "<p title=", ">It rained.</p>")),
            slow=slow,
        )
    yield Hostile("long attribute", "style", _with(f'<div style="{"color:red;" * 30_000}">It rained.</div>'))
    yield Hostile(
        "long attribute", "a page in it", _with(f'<div data-x="{paragraphs().replace(chr(34), "")}">It rained.</div>')
    )
    yield Hostile("long attribute", "name", _with(f"<p {'a' * MB}=1>It rained.</p>"))
    yield Hostile("long attribute", "name of the tag", _with("", f"<{'a' * MB}>"))
    yield Hostile(
        "long attribute",
        "many inline images",
        _with(f'<img src="data:image/png;base64,{"A" * 20_000}">' * 300),
        slow=True,
    )
    yield Hostile("srcset", "100,000 candidates", _with(f'<img srcset="{"/a.jpg 100w, " * 100_000}">'))
    yield Hostile("srcset", "commas", _with(f'<img srcset="{"," * 500_000}">'))


def floods() -> Iterator[Hostile]:
    pieces = {
        "<i>a</i>": "<i>a</i>",
        "<br>": "<br>",
        "<a href>": '<a href="/x">x</a>',
        "<span>": "<span></span>",
        "<img>": "<img>",
        "<hr>": "<hr>",
        "<wbr>": "<wbr>",
        "</p>": "</p>",
        "</div>": "</i>",
        "<": "<",
        "<>": "<>",
        "</": "</",
        "<!": "<!",
        "<?": "<?",
        "&": "&",
        "&amp;": "&amp;",
        "&#x41;": "&#x41;",
        "&#": "&#",
        "&nosuch;": "&nosuch;",
        "<p/>": "<p/>",
        "<input>": "<input>",
        "<td>": "<td>",
        "<option>": "<option>",
        "]]>": "]]>",
        "<b></i>": "<b></b></i>",
        "tabs": "\t",
        "newlines": "\n",
        "soft hyphens": "&shy;",
        "zero width": "&#8203;",
        "nbsp": "&nbsp;",
    }
    for name, piece in pieces.items():
        for times in (3_000, 40_000, 250_000):
            slow = times > (3_000 if name.startswith("<") and len(name) > 2 else 40_000)
            yield Hostile("flood", f"{name} {times}", _with(Times(piece, times, "<div>", "</div>")), slow=slow)
    for name in ("<br>", "<i>a</i>", "<wbr>"):
        yield Hostile("flood", f"{name} 1000000", _with(Times(name, MB, "<div>", "</div>")), slow=True)
    # A million paragraphs are an article of a million paragraphs, where there is time for them.
    yield Hostile("flood", "<p>x</p> 1000000", _with(Times("<p>x</p>", MB)), "text parser-timeout", slow=True)
    sentence = "<p>The ferry is late again on this day, as it was on the day before.</p>"
    yield Hostile("flood", "sentences 2000", _with("", sentence * 2_000))
    yield Hostile("flood", "sentences 100000", _with("", Times(sentence, 100_000)), slow=True)


def crowds() -> Iterator[Hostile]:
    """So much in one block, or so many small blocks, that what is linear in pieces is quadratic in their neighbours."""
    pieces = {
        "link": '<a href="/x">a word</a> ',
        "bold": "<b>word</b> and ",
        "span": "<span>word</span> and ",
        "quote": "<q>word</q> and ",
        "footnote": 'word<sup><a href="#1">[1]</a></sup> ',
        "picture": '<img src="/a.jpg" alt="x">word ',
        "icon": '<svg><path d="M0"/></svg> word ',
        "break": "words here<br>",
        "pair of breaks": "words here<br><br>",
    }
    for name, piece in pieces.items():
        for times in (3_000, 30_000):
            made = Times(piece, times, "<p>", "</p>")
            yield Hostile("crowd", f"{name} {times}", _with("", made), slow=times > 3_000)
            yield Hostile("crowd beside", f"{name} {times}", _beside(made), slow=times > 3_000)
    yield Hostile("crowd", "20 times 1900 links", _with("", f"<p>{pieces['link'] * 1_900}</p>" * 20), slow=True)
    blocks = {
        "item": Times("<li>words of an item here</li>", 20_000, "<ul>", "</ul>"),
        "item of paragraphs": Times("<li><p>words of an item here</p></li>", 20_000, "<ol>", "</ol>"),
        "definition": Times("<dt>word</dt><dd>words of an item here</dd>", 10_000, "<dl>", "</dl>"),
        "cell": Times("<tr><td>a cell</td><td>5</td></tr>", 10_000, "<table>", "</table>"),
        "cell of a row": Times("<td>a cell</td>", 20_000, "<table><tr>", "</table>"),
        "quote": Times("<blockquote><p>words that are quoted here</p></blockquote>", 10_000),
        "quote in a quote": Times("<blockquote><p>words", 5_000),
        "subhead": Times("<h2>A heading of words</h2>", 20_000),
    }
    for name, made in blocks.items():
        yield Hostile("crowd", f"of blocks: {name}", _with("", made), slow=True)
        yield Hostile("crowd beside", f"of blocks: {name}", _beside(made), slow=True)


def large_nodes() -> Iterator[Hostile]:
    for size in (1, 12, 50):
        for name in "div comment script style textarea template noscript pre button".split():
            opened, closed = ("<!--", "-->") if name == "comment" else (f"<{name}>", f"</{name}>")
            words = Times("word ", size * MB // 5, opened, closed)
            yield Hostile("large node", f"{name} {size} MB", _with(words), slow=size > 1)
        yield Hostile(
            "large node", f"one word {size} MB", _with(Times("x", size * MB, "<div>", "</div>")), slow=size > 1
        )
    yield Hostile(
        "large node", "over what is decoded", lambda: page("<!--" + "x" * 65 * MB + "-->"), "too-large", slow=True
    )


def unclosed() -> Iterator[Hostile]:
    for tag in (
        "title textarea xmp plaintext noscript template iframe select svg math style script noembed noframes "
        "frameset button option form table caption colgroup object applet marquee dialog a b"
    ).split():
        yield Hostile("unclosed below", tag, _with("", f"<{tag}>"))
    yield Hostile("unclosed above", "template", _with("<template>"), "no-text")
    for tag in (
        "noscript svg math button form table caption object marquee dialog a b section header main "
        "ul p label summary ruby dir menu nobr tt"
    ).split():
        yield Hostile("unclosed above", tag, _with(f"<{tag}>"))
    for tag in "title textarea xmp plaintext iframe style script noembed noframes select frameset".split():
        # As in a browser, the rest of the page is that element's text.
        yield Hostile("swallowed", tag, _with(f"<{tag}>"), "text other no-text needs-javascript")
    for name, opened in {
        "comment": "<!--",
        "cdata": "<![CDATA[",
        "doctype": "<!DOCTYPE x [",
        "instruction": "<?php ",
        "quote": '<p title="',
        "apostrophe": "<p title='",
        "tag": "<p ",
        "end tag": "</p ",
    }.items():
        yield Hostile("swallowed", name, _with(opened), "text other no-text")
        yield Hostile("unclosed below", name, _with("", opened))


def comments() -> Iterator[Hostile]:
    for comment in (
        "<!-->",
        "<!--->",
        "<!---->",
        "<!-- a --!>",
        "<!-- <!-- -->",
        "<!-- -- -->",
        "<!doctype html>",
        "<!x>",
        "<?x?>",
        "<![CDATA[ x ]]>",
        "<!-- <p> -->",
        "</>",
        "</ x>",
        "<!-- > -->",
    ):
        for times in (1, 20_000):
            yield Hostile("comments", f"{comment} {times}", _with(comment * times))
    yield Hostile("comments", "conditional", _with("<!--[if lt IE 9]><p>Old.</p><![endif]-->" * 5_000))
    yield Hostile(
        "doctype",
        "internal subset",
        _raw(
            lambda raw: raw.replace(
                b"<!DOCTYPE html>", b'<!DOCTYPE html [<!ENTITY a "b"><!ENTITY % c SYSTEM "file:///etc/passwd"> %c;]>'
            )
        ),
    )
    yield Hostile("doctype", "billion laughs", _raw(lambda raw: raw.replace(b"<!DOCTYPE html>", _LAUGHS)))
    yield Hostile(
        "doctype",
        "of 10,000 names",
        _raw(lambda raw: raw.replace(b"<!DOCTYPE html>", b"<!DOCTYPE" + b" x" * 10_000 + b">")),
    )
    yield Hostile("doctype", "200,000 times", _raw(lambda raw: b"<!doctype" * 200_000 + b">" + raw))


_LAUGHS = (
    b"<!DOCTYPE html [<!ENTITY a0 'ha'>"
    + b"".join(b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10))
    + b"]>"
)


def characters() -> Iterator[Hostile]:
    def text(codec: str) -> Callable[[], bytes]:
        return lambda: page().decode().replace('<meta charset="utf-8">', "").encode(codec, "ignore")

    for codec in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"):
        yield Hostile("charset", codec, text(codec))
    for codec in ("utf-32", "utf-32-le", "utf-32-be", "utf-7", "cp037", "cp500"):
        yield Hostile("charset", codec, text(codec), "text most no-text")
    for label in (
        "rot13",
        "base64",
        "utf-7",
        "unicode_escape",
        "idna",
        "punycode",
        "hex",
        "zip",
        "x-user-defined",
        "replacement",
        "hz-gb-2312",
        "iso-2022-kr",
        "utf-32",
        "undefined",
        "\\x00",
        "a" * 10_000,
        "utf-16",
        "iso-2022-jp",
        "gb18030",
    ):
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset={label}\r\n\r\n".encode()
        yield Hostile("declared charset", label[:20], page, head=head)
        meta = _raw(lambda raw, label=label: raw.replace(b"utf-8", label.encode()))  # type: ignore[misc]
        yield Hostile("declared in meta", label[:20], meta)
    bad = {
        "overlong": b"\xc0\xaf",
        "surrogate": b"\xed\xa0\x80",
        "cesu pair": b"\xed\xa0\xbd\xed\xb8\x80",
        "past unicode": b"\xf7\xbf\xbf\xbf",
        "lone tail": b"\x80",
        "cut": b"\xe2\x82",
        "latin": b"\xe9",
        "nul": b"\0",
        "escape": b"\x1b$B",
        "shift": b"\x0e\x0f",
        "del": b"\x7f",
        "c1": b"\xc2\x85\xc2\x9b",
        "form feed": b"\x0c",
        "gb tail": b"\x81\x30\x81",
        "fffe": b"\xef\xbf\xbe",
        "bom": b"\xef\xbb\xbf",
        "line separator": b"\xe2\x80\xa8",
        "bidi override": b"\xe2\x80\xae",
        "isolate": b"\xe2\x81\xa6",
        "tag letters": b"\xf3\xa0\x81\x81",
        "vs": b"\xef\xb8\x8f",
        "invisible times": b"\xe2\x81\xa2",
    }
    for name, octets in bad.items():
        for times in (1, 30_000):
            made = _raw(
                lambda raw, octets=octets, times=times: raw.replace(  # type: ignore[misc]
                    b"<p>", b"<div>" + octets * times + b"</div><p>", 1
                )
            )
            yield Hostile("bytes", f"{name} {times}", made, TEXT if times == 1 else "text most")
    yield Hostile(
        "bytes", "nul in each tag", _raw(lambda raw: raw.replace(b"<p>", b"<p\0>").replace(b"</p>", b"<\0/p>")), "text"
    )
    for name, piece in {
        "combining": "\u0301\u0323",
        "one mark": "\u0301",
        "hangul": "\u1161",
        "zwj": "\u200d",
        "zalgo": "\u0310\u0489\u0323",
    }.items():
        for times in (500, 100_000):
            yield Hostile(
                "marks", f"{name} {times}", _with(f"<p>It rained a{piece * times} on the quay on that day, again.</p>")
            )


def structured() -> Iterator[Hostile]:
    def script(text: str) -> str:
        return f'<script type="application/ld+json">{text}</script>'

    texts = {
        "deep": "[" * 100_000,
        "deep and closed": "[" * 900 + "]" * 900,
        "deep objects": '{"a":' * 50_000,
        "huge number": '{"a":' + "9" * 5_000 + "}",
        "a million digits": "9" * MB,
        "huge exponent": '{"headline":1e999999}',
        "nan": '{"headline":NaN,"author":-Infinity}',
        "items": json.dumps([{"@type": "NewsArticle", "headline": "x"}] * 20_000),
        "graph": json.dumps({"@graph": [{"@id": "a"}] * 20_000}),
        "cycle": json.dumps(
            {"@type": "NewsArticle", "@id": "a", "mainEntity": {"@id": "a", "mainEntityOfPage": {"@id": "a"}}}
        ),
        "surrogate": '{"@type":"NewsArticle","headline":"\\ud800","author":"\\udfff"}',
        "nul": '{"@type":"NewsArticle","headline":"\\u0000"}',
        "long string": json.dumps({"@type": "NewsArticle", "description": "x" * 2 * MB}),
        "trailing commas": "{" + "," * 200_000 + "}",
        "comment marks": "<!--" * 50_000,
        "spaces": " " * 500_000 + "{",
        "commas and spaces": "{" + ", " * 200_000,
        "empty": "",
        "null": "null",
        "entities": json.dumps({"@type": "NewsArticle", "articleBody": "&amp;" * 100_000}),
        "reference": json.dumps({"@type": "NewsArticle", "articleBody": "&#" + "9" * 9_000 + ";"}),
        "headline reference": json.dumps({"@type": "NewsArticle", "headline": "&#" + "9" * 9_000 + ";"}),
        "backslashes": '{"a":"' + "\\\\" * 200_000 + '"}',
        "same key": "{" + ",".join('"headline":"x"' for _ in range(50_000)) + "}",
        "semicolons": "{}" + ";" * 200_000,
    }
    for name, text in texts.items():
        yield Hostile("json-ld", name, _with(head=script(text)))
    values: dict[str, object] = {
        "number": 5,
        "list": [],
        "lists": [[[[[]]]]],
        "object": {},
        "true": True,
        "null": None,
        "objects": [{"name": {"name": {"name": 1}}}] * 50,
        "empty": "",
        "huge": 10**30,
        "long": "x, " * 100_000,
        "dates": "2026-11-20 " * 20_000,
        "spaces": " " * 100_000,
        "type": {"@type": 5, "name": ["x"] * 1_000},
    }
    for name, value in values.items():
        keys = (
            "author",
            "datePublished",
            "dateModified",
            "publisher",
            "articleBody",
            "inLanguage",
            "isAccessibleForFree",
            "mainEntityOfPage",
            "url",
            "@id",
            "creator",
            "keywords",
            "image",
        )
        yield Hostile("json-ld values", name, _with(head=ld(**dict.fromkeys(keys, value))))
        yield Hostile("json-ld headline", name, _with(head=ld(headline=value)))
        yield Hostile("json-ld type", name, _with(head=ld(**{"@type": value})))
    yield Hostile(
        "json-ld",
        "a million items",
        _with(head=Times("{},", MB, '<script type="application/ld+json">[', "{}]</script>")),
        slow=True,
    )
    yield Hostile(
        "json-ld",
        "10 MB",
        _with(head=Times("y", 10 * MB, '<script type="application/ld+json">{"x":"', '"}</script>')),
        slow=True,
    )
    yield Hostile("json-ld", "500 scripts", _with(head=ld() * 500))
    yield Hostile("json-ld", "20,000 scripts", _with(head=Times(script("{}"), 20_000)), slow=True)


def facts() -> Iterator[Hostile]:
    metas = {
        "50,000 names": "".join(f'<meta name="n{i}" content="x">' for i in range(20_000)),
        "one name": '<meta name="author" content="Ann Lee">' * 20_000,
        "long author": f'<meta name="author" content="{"Ann, " * 200_000}">',
        "long title": f"<title>{'Ferry | ' * 20_000}</title>",
        "title of dashes": f"<title>{'- ' * 100_000}</title>",
        "title of spaces": f"<title>{' ' * 500_000}x</title>",
        "og:title": f'<meta property="og:title" content="{"x" * MB}">',
        "dates": '<meta property="article:published_time" content="' + "9" * 200_000 + '">',
        "date of digits": '<meta name="date" content="2026-' + "1-" * 100_000 + '">',
        "date mail": '<meta name="date" content="' + "Fri, " * 50_000 + '20 Nov 2026">',
        "date comments": '<meta name="date" content="' + "(" * 50_000 + '">',
        "canonical": f'<link rel="canonical" href="https://{"a." * 50_000}example/">',
        "canonical ipv6": '<link rel="canonical" href="http://[::1">',
        "base": '<base href="javascript:alert(1)">',
        "base far": '<base href="https://elsewhere.example/">',
        "base file": '<base href="file:///etc/">',
        "bases": '<base href="//x">' * 10_000,
        "language": f'<meta name="content-language" content="{"a-" * 100_000}">',
        "refresh": '<meta http-equiv="refresh" content="0;url=x">' * 5_000,
        "label": '<meta name="twitter:label1" content="Written by"><meta name="twitter:data1" content="'
        + "Ann and " * 50_000
        + '">',
    }
    for name, head in metas.items():
        yield Hostile("facts", name, _with(head=head))
    bodies = {
        "h1": "<h1>x</h1>" * 20_000,
        "time": '<time datetime="2026-11-20">today</time>' * 5_000,
        "time elements": f'<time datetime="{"2026-" * 50_000}">x</time>',
        "itemprop": '<span itemprop="author">Ann</span>' * 5_000,
        "rel author": '<a rel="author">Ann Lee</a>' * 5_000,
        "h1 parts": "<h1>" + "<span>Ab</span>" * 20_000 + "</h1>",
    }
    for name, body in bodies.items():
        yield Hostile("facts", name, _with(body))
    yield Hostile("dates", "2024-01- 1 MB", _with(f"<div>{'2024-01-' * 125_000}</div>"), slow=True)
    yield Hostile(
        "dates",
        "2,000 paragraphs",
        _with("".join(f"<p>{i % 28 + 1} March 20{i % 90 + 10:02}</p>" for i in range(2_000))),
    )
    yield Hostile(
        "dates",
        "20,000 paragraphs",
        _with("".join(f"<p>{i % 28 + 1} March 20{i % 90 + 10:02}</p>" for i in range(20_000))),
        slow=True,
    )
    yield Hostile("dates", "digits", _with(f"<div>{'20261120' * 50_000}</div>"))
    yield Hostile(
        "tables",
        "colspan",
        _with('<table><tr><td colspan="9007199254740991">The boat leaves the quay at seven</td></tr></table>'),
    )
    yield Hostile(
        "tables",
        "rowspan",
        _with('<table><tr><td rowspan="1000000000">The boat leaves the quay at seven</td></tr></table>'),
    )
    yield Hostile(
        "tables", "span flood", _with(f"<table>{'<tr><td colspan=1000 rowspan=1000>x</td></tr>' * 1_000}</table>")
    )
    yield Hostile("tables", "no cells", _with("<table>" + "<tr>" * 20_000 + "</table>"))
    yield Hostile("tables", "text between", _with("<table>" + "words <tr>" * 2_000 + "</table>"))


def _page_of_runs(line: str) -> bytes:
    body = f"<p>{line}</p><p>By {line}</p><p>{line}!</p><h2>{line}</h2><p>Photo: {line}</p>"
    return page(body + paragraphs() + body)


def lines() -> Iterator[Hostile]:
    """What would make a pattern of ours, or of the libraries, try again and again."""
    runs = {
        "commas": ",",
        "spaces": " ",
        "nbsp": "&nbsp;",
        "dashes": "-",
        "en dashes": "–",
        "pipes": "|",
        "digits": "1",
        "dots": ".",
        "stops and spaces": ". ",
        "numbers": "1,",
        "number list": "1 2 ",
        "slashes": "/",
        "A+": "A+",
        "colons": ": ",
        "quotes": '"',
        "brackets": "(",
        "hashes": "#",
        "ats": "@",
        "x": "x",
        "x y": "x y ",
        "by": "by ",
        "and": "and ",
        "Photo": "Photo: ",
        "views": "1 views ",
        "Copyright": "© ",
        "Share on": "share on ",
        "read more": "read more ",
        "and Ann": "Ann Lee and ",
        "Ann,": "Ann Lee, ",
        "twitter": "twitter, ",
        "min read": "1 min ",
        "http": "http://",
        "www": "www.",
        "mail": "a@",
        "By Ann": "By Ann Lee ",
        "Von": "Von Ann, ",
        "Source": "Source: ",
        "dates": "20 November 2026 ",
        "hours": "12:00 ",
        "months": "Nov. ",
        "newsletter": "our daily newsletter ",
        "semicolons": "; ",
        "apostrophes": "O'",
        "hyphens": "a-",
        "cyrillic": "А",
        "chinese": "港",
        "arabic": "ال",
        "emoji": "👁",
    }
    for name, piece in runs.items():
        for times in (25, 110, 2_000, 100_000):
            yield Hostile("runs", f"{name} {times}", partial(_page_of_runs, piece * times), slow=times > 2_000)
    for words in (
        "Read more",
        "Share this",
        "Comments",
        "By Ann Lee",
        "20 November 2026",
        "Related stories",
        "Advertisement",
        "Views: 5",
        "Subscribe to our newsletter",
        "Photo: AP",
        "Also read: the ferry",
        HEADLINE,
    ):
        for times in (100, 5_000):
            yield Hostile("cruft", f"{words} {times}", _with("", f"<p>{words}</p>" * times), slow=times > 100)


def foreign() -> Iterator[Hostile]:
    pieces = {
        "foreignObject": "<svg><foreignObject>",
        "svg desc": "<svg><desc>",
        "svg title": "<svg><title>",
        "mtext": "<math><mtext>",
        "annotation": '<math><annotation-xml encoding="text/html">',
        "svg then p": "<svg></p>",
        "svg style": "<svg><style><!--",
        "math malignmark": "<math><mi><mglyph>",
        "svg cdata": "<svg><![CDATA[ <p> ]]></svg>",
        "svg script": "<svg><script>1</script></svg>",
        "svg path": "<svg>" + "<path d='M0 0'/>" * 2_000 + "</svg>",
        "template in table": "<table><template>",
        "select in table": "<table><select>",
        "p in svg": "<svg><p>x</svg>",
        "form in form": "<form><form>",
        "a in a": "<a><a>",
        "button in button": "<button><button>",
        "li outside": "<li>",
        "body again": '<body class="x">',
        "html again": '<html lang="tr">',
        "head again": "<head>",
        "frame": "<frame>",
        "end of body": "</body>",
        "end of html": "</html>",
        "image": "<image>",
        "isindex": "<isindex>",
        "keygen": "<keygen>",
        "ruby": "<ruby><rt><rp>",
        "dir": "<dir><li>",
        "slot": "<slot>",
        "custom": "<x-y><z-w>",
        "namespaced": "<o:p></o:p><fb:like>",
        "shadow": '<template shadowrootmode="open">',
        "portal": "<portal>",
        "declarative": "<!DOCTYPE x><html><head><body>",
    }
    for name, piece in pieces.items():
        for times in (1, 200):
            ends = f"{OTHER} no-text" if name in ("svg style", "svg title", "template in table") else TEXT
            yield Hostile("foreign", f"{name} {times}", _with(piece * times), ends)
    escaped = "<script><!--<script></script>--></script>"
    yield Hostile("scripts", "double escaped", _with(escaped))
    yield Hostile("scripts", "end tag in a string", _with('<script>var a = "<\\/script><p>";</script>'))
    yield Hostile("scripts", "a tag that never ends", _with("<script>if (a<b && c=='\"') {}</script>"))
    yield Hostile("scripts", "50,000", _with(Times("<script>1</script>", 50_000)), slow=True)
    yield Hostile("scripts", "title with a script", _raw(lambda raw: raw.replace(b"<title>", b"<title><script>")))


def no_pages() -> Iterator[Hostile]:
    """Bytes that hold no article: each says why."""
    ends = "empty no-text media-type pdf needs-javascript other"
    noise = bytes((i * 7919 + i // 256 * 104729) % 256 for i in range(100_000))
    bodies = {
        "nothing": b"",
        "spaces": b" " * 100_000,
        "nul": b"\0" * 100_000,
        "noise": noise,
        "ff": b"\xff" * 100_000,
        "lt": b"<" * 100_000,
        "amp": b"&" * 100_000,
        "pdf": b"%PDF-1.7 " + noise,
        "png": b"\x89PNG\r\n\x1a\n" + noise,
        "zip": b"PK\x03\x04" + noise,
        "gzip": b"\x1f\x8b" + noise,
        "xml": b"<?xml version='1.0'?><a/>",
        "rss": b"<rss version='2.0'><channel><item><title>x</title></item></channel></rss>",
        "json": b'{"a": [' + b"1," * 10_000 + b"]}",
        "comment": b"<!--" * 20_000,
        "script": b"<script>" + b"x" * 100_000,
        "only tags": b"<b>" * 10_000,
        "html": b"<html/>",
        "doctype": b"<!doctype html>",
        "frameset": b"<frameset><frame src=x></frameset>",
        "laughs": _LAUGHS + b"<p>&a9;</p>",
        "quote": b'<p a="' + b"<" * 100_000,
        "bom": b"\xef\xbb\xbf",
        "bom 16": b"\xff\xfe",
        "bom 32": b"\xff\xfe\0\0",
        "one byte": b"<",
        "svg": b"<svg>" + b"<circle r=1 />" * 5_000 + b"</svg>",
        "math": b"<math>" * 5_000,
        "attribute": b"<p " + b"a" * 500_000,
    }
    for name, body in bodies.items():
        yield Hostile("no page", name, lambda body=body: body, ends)  # type: ignore[misc]


CLASSES = (
    nesting,
    attributes,
    long_tags,
    floods,
    crowds,
    large_nodes,
    unclosed,
    comments,
    characters,
    structured,
    facts,
    lines,
    foreign,
    no_pages,
)
# Those of the floods that take more than a second.
_SLOW = frozenset(
    (
        "nested: table 1000",
        "nested pairs: <p><b><i><a> 300",
        "nested pairs: <a href=x><div> 300",
        "large node: textarea 1 MB",
        "large node: noscript 1 MB",
        "large node: button 1 MB",
        "facts: h1",
        "facts: h1 parts",
        "foreign: svg path 200",
    )
)
PAGES = tuple(replace(hostile, slow=hostile.slow or str(hostile) in _SLOW) for made in CLASSES for hostile in made())
