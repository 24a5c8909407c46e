"""Pages and texts of a newspaper that never was, in the shapes that real ones have."""

import json

URL = "https://www.harbour-herald.example/2026/11/20/ferry-returns"
HEADLINE = "Ferry returns to the harbour after eleven years"
PARAGRAPHS = (
    "The ferry that once tied the old town to the islands sailed again on Friday, eleven years after its last trip.",
    "About two hundred people stood on the quay when it cast off, among them the mayor and three former captains.",
    "“We had stopped believing in it,” said Marta Lindqvist, who runs the bakery beside the landing stage.",
    "The line is paid for by the province until 2029; after that, ticket sales must cover two thirds of its costs.",
    "A crossing takes thirty-five minutes and costs four crowns, half of what the bus around the bay charges.",
    "The council will decide in spring whether the ship may carry lorries, which shop owners on the islands ask for.",
)
NEWS = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": HEADLINE}


def paragraphs(*texts: str) -> str:
    """These texts in <p> elements; without any, the sample article's."""
    return "\n".join(f"<p>{text}</p>" for text in texts or PARAGRAPHS)


def ld(**facts: object) -> str:
    """A JSON-LD script of the sample article with these facts."""
    return f'<script type="application/ld+json">{json.dumps(NEWS | facts)}</script>'


def page(body: str = "", *, head: str = "", around: str = "", lang: str = "en") -> bytes:
    """A whole page: body stands in its <article> (the sample article when empty), around after it."""
    return (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8">'
        f"<title>{HEADLINE} | Harbour Herald</title>{head}</head>"
        '<body><nav><ul><li><a href="/">Home</a></li><li><a href="/sport">Sport</a></li></ul></nav>'
        f"<main><article><h1>{HEADLINE}</h1>{body or paragraphs()}</article></main>{around}"
        "<footer>Harbour Herald, 1 Quay Street</footer></body></html>"
    ).encode()
