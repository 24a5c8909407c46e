"""What goes wrong on the web, each on a page of its own: http://rough-water.example/…"""

import gzip
from collections.abc import Callable
from urllib.parse import parse_qs

from scraper.demo.answers import Answer, Asked, moved, page

HOST = "rough-water.example"
SHUT = "shut-gate.example"  # its robots.txt answers 500
SENTENCE = "The harbour office says that the quay will stay closed until the crane has been inspected. "

# What a fetch of the page must come to, in the words of DESIGN 4.1.
OUTCOMES = {
    f"http://{HOST}/missing": "gone",
    f"http://{HOST}/withdrawn": "gone",
    f"http://{HOST}/forbidden": "blocked",
    f"http://{HOST}/busy": "blocked",
    f"http://{HOST}/court-order": "blocked",
    f"http://{HOST}/repairs": "failed",
    f"http://{HOST}/timetable.pdf": "not-article",
    f"http://{HOST}/empty": "not-article",
    f"http://{HOST}/members": "not-article",
    f"http://{HOST}/app": "not-article",
    f"http://{HOST}/cut": "failed",
    f"http://{HOST}/cut-chunks": "failed",
    f"http://{HOST}/loop/a": "failed",
    "http://gulf-courier.example/private/archive": "refused",
    f"http://{SHUT}/story": "refused",
}


def plain_page(title: str, body: str) -> str:
    """A page with no more than it needs."""
    return f'<!DOCTYPE html><html lang="en"><head><title>{title}</title></head><body>{body}</body></html>'


def article_page(title: str, times: int = 4) -> str:
    """A page with a small article of four paragraphs, each of `times` sentences."""
    paragraphs = "".join(f"<p>{number}. {SENTENCE * times}</p>" for number in ("One", "Two", "Three", "Four"))
    return plain_page(title, f"<nav><a href='/'>Home</a></nav><article><h1>{title}</h1>{paragraphs}</article>")


def refusal(status: int, title: str, *headers: tuple[str, str]) -> Answer:
    """An error page."""
    return page(plain_page(title, f"<h1>{status} {title}</h1><hr><p>nginx</p>"), *headers, status=status)


def pdf(line: str) -> Answer:
    """A PDF of one page with one line (no brackets in it)."""
    stream = f"BT /F1 24 Tf 72 720 Td ({line}) Tj ET".encode("ascii")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Font << /F1 5 0 R >> >>",
    )
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<< /Size 7 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    whole = body + b"xref\n0 7\n0000000000 65535 f \n" + table + trailer
    return Answer(headers=(("Content-Type", "application/pdf"),), body=whole)


def login_wall() -> Answer:
    """A teaser and a form: what a paper shows to those who do not pay."""
    teaser = "<h1>Inside the customs house</h1><p>For eleven years nobody asked where the keys were kept.</p>"
    form = '<form action="/login"><h2>Log in to continue reading</h2><input name="user"><input type="password"></form>'
    offer = "<p>Already a subscriber? Log in. Subscribe for 9.90 a month to read this article.</p>"
    ld = '{"@type":"NewsArticle","headline":"Inside the customs house","isAccessibleForFree":false}'
    script = f'<script type="application/ld+json">{ld}</script>'
    return page(plain_page("Inside the customs house", f'{script}{teaser}<div class="paywall">{form}{offer}</div>'))


def shell() -> Answer:
    """A page that is nothing without JavaScript."""
    root = '<noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div>'
    return page(plain_page("Rough Water", f'{root}<script src="/static/js/main.3f2a.js"></script>'))


def cut_short() -> Answer:
    """Content-Length promises the whole article; the connection closes after 900 bytes."""
    whole = page(article_page("Cut short"))
    return Answer(headers=whole.headers, body=whole.body, cut=900)


def cut_chunks() -> Answer:
    """The same in chunks: the last one never comes."""
    whole = page(article_page("Cut in chunks", 40), ("Transfer-Encoding", "chunked"))
    return Answer(headers=whole.headers, body=whole.body, cut=5000)


def torn_gzip() -> Answer:
    """All bytes that were promised arrive, but the gzip stream ends early."""
    whole = page(article_page("Torn"), ("Content-Encoding", "gzip"))
    return Answer(headers=whole.headers, body=gzip.compress(whole.body, mtime=0)[:-40])


def odd_head() -> Answer:
    """A head as old servers write it: lower case, repeated fields, odd spaces, a byte beyond ASCII in the reason."""
    body = article_page("Odd head").encode()
    lines = (
        b"HTTP/1.1 200 Tr\xe8s bien",
        b"content-type:text/html",
        b"X-Powered-By:   PHP/5.2.17  ",
        b"Set-Cookie: a=1",
        b"set-cookie: b=2",
        b"CONTENT-LENGTH: %d" % len(body),
        b"connection:close",
    )
    return Answer(head=b"\r\n".join([*lines, b"", b""]), body=body)


def slow(asked: Asked) -> Answer:
    """An article after a silence: two seconds, or as many as ?seconds= says."""
    seconds = float(parse_qs(asked.query).get("seconds", ["2"])[0])
    whole = page(article_page("Slow"))
    return Answer(headers=whole.headers, body=whole.body, pause=seconds)


def front() -> Answer:
    """Links to every trouble."""
    links = "".join(f'<li><a href="{path}">A page called {path.strip("/")}</a></li>' for path in PAGES if path != "/")
    return page(plain_page("Rough Water", f"<h1>Rough Water</h1><ul>{links}</ul>"))


PAGES: dict[str, Callable[[Asked], Answer]] = {
    "/": lambda _: front(),
    "/missing": lambda _: refusal(404, "Not Found"),
    "/withdrawn": lambda _: refusal(410, "Gone"),
    "/forbidden": lambda _: refusal(403, "Forbidden"),
    "/busy": lambda _: refusal(429, "Too Many Requests", ("Retry-After", "120")),
    "/court-order": lambda _: refusal(451, "Unavailable", ("Link", '<http://court.example/>; rel="blocked-by"')),
    "/repairs": lambda _: refusal(503, "Service Unavailable", ("Retry-After", "3600")),
    "/timetable.pdf": lambda _: pdf("Winter timetable of the Tarn ferry"),
    "/empty": lambda _: page(""),
    "/members": lambda _: login_wall(),
    "/app": lambda _: shell(),
    "/cut": lambda _: cut_short(),
    "/cut-chunks": lambda _: cut_chunks(),
    "/torn-gzip": lambda _: torn_gzip(),
    "/odd-head": lambda _: odd_head(),
    "/feed": lambda _: page(plain_page("Our feeds", "<h1>Our feeds</h1><p>Feeds are out of order today.</p>")),
    "/slow": slow,
    "/loop/a": lambda _: moved(f"http://{HOST}/loop/b", 302),
    "/loop/b": lambda _: moved(f"http://{HOST}/loop/a", 302),
}
