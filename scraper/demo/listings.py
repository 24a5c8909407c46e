"""The feeds, sitemaps and robots.txt of the papers: the good ones, and the broken ones that papers really serve."""

import gzip
import json
from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from html import escape

from scraper.demo.answers import Answer
from scraper.demo.stories import Paper, Story

XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
NAMESPACES = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
NEWS = 'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'

ROBOTS = {
    "caspian-ledger.example": """# Caspian Ledger
User-agent: *
Disallow: /bitrix/
Disallow: /search/
Sitemap: http://caspian-ledger.example/sitemap.xml
Sitemap: http://caspian-ledger.example/sitemap-news.xml
""",
    "gulf-courier.example": """User-agent: *
Disallow: /private/
Allow: /

Sitemap: http://gulf-courier.example/news-sitemap.xml
""",
    "world-tonight.example": "\ufeffUser-agent: *\nAllow: /\n",  # a byte order mark must not hide the first line
    "old-quay.example": "User-agent: *\nCrawl-delay: 0.1\nDisallow: /guestbook.php\n",
    "rough-water.example": "User-agent: *\nDisallow:\n",
}


def listing(kind: str, body: str, *, charset: str = "utf-8") -> Answer:
    """A feed, sitemap or robots.txt of that media type."""
    return Answer(headers=(("Content-Type", f"{kind}; charset={charset}"),), body=body.encode(charset))


def rss(paper: Paper, stories: Iterable[Story]) -> Answer:
    """RSS 2.0 with the first paragraph as description and the whole text in content:encoded."""
    entries = "".join(
        f"<item><title>{escape(story.headline)}</title><link>{escape(story.url)}</link>"
        f'<guid isPermaLink="false">{story.host}/{story.name}</guid><pubDate>{rfc5322(story)}</pubDate>'
        f"<description>{escape(story.paragraphs[0])}</description>"
        f"<content:encoded><![CDATA[{whole_text(story)}]]></content:encoded></item>\n"
        for story in stories
    )
    opening = '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
    about = f"<title>{paper.name}</title><link>{paper.front}</link><description>News</description>\n"
    return listing("application/rss+xml", f"{XML}{opening}{about}{entries}</channel></rss>\n")


def atom(paper: Paper, stories: Iterable[Story]) -> Answer:
    """Atom 1.0; links carry the tracking parameters of the newsletter desk."""
    entries = "".join(
        f"<entry><id>tag:{story.host},2026:{story.name}</id><title>{escape(story.headline)}</title>"
        f'<link rel="alternate" href="{story.url}?utm_source=atom&amp;utm_medium=feed"/>'
        f"<published>{story.published}</published><updated>{story.modified or story.published}</updated>"
        f"<summary>{escape(story.paragraphs[0])}</summary></entry>\n"
        for story in stories
    )
    about = f'<title>{paper.name}</title><id>{paper.front}</id><link href="{paper.front}"/>'
    opening = f'<feed xmlns="http://www.w3.org/2005/Atom">{about}<updated>2026-11-20T00:00:00Z</updated>\n'
    return listing("application/atom+xml", f"{XML}{opening}{entries}</feed>\n")


def json_feed(paper: Paper, stories: Iterable[Story]) -> Answer:
    """JSON Feed 1.1."""
    entries = [
        {
            "id": story.name,
            "url": story.url,
            "title": story.headline,
            "date_published": story.published,
            "summary": story.paragraphs[0],
            "authors": [{"name": name} for name in story.authors],
        }
        for story in stories
    ]
    about = {"version": "https://jsonfeed.org/version/1.1", "title": paper.name, "home_page_url": paper.front}
    return listing("application/feed+json", json.dumps({**about, "items": entries}, ensure_ascii=False))


def rdf(paper: Paper, stories: Iterable[Story]) -> Answer:
    """RSS 1.0 in windows-1251, named in the XML declaration only."""
    entries = "".join(
        f'<item rdf:about="{escape(story.url)}"><title>{escape(story.headline)}</title>'
        f"<link>{escape(story.url)}</link><dc:date>{story.published}</dc:date></item>\n"
        for story in stories
    )
    spaces = 'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    opening = f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" {spaces}>'
    about = f'<channel rdf:about="{paper.front}"><title>{paper.name}</title><link>{paper.front}</link></channel>\n'
    whole = f'<?xml version="1.0" encoding="windows-1251"?>\n{opening}{about}{entries}</rdf:RDF>\n'
    return Answer(headers=(("Content-Type", "text/xml"),), body=whole.encode("windows-1251"))


def malformed_rss(paper: Paper, stories: Iterable[Story]) -> Answer:
    """RSS as a hand-made script writes it: bare ampersands, an HTML entity, an element left open, the end missing."""
    entries = "".join(
        f"<item><title>Fish & chips: {story.headline}</title><link>{escape(story.url)}</link>"
        f"<description>&nbsp;<b>{escape(story.paragraphs[0])}</description></item>\n"
        for story in stories
    )
    return listing("text/xml", f'<rss version="2.0"><channel><title>{paper.name} & friends</title>\n{entries}')


def sitemap_index(*children: str) -> Answer:
    """A sitemap that only names others."""
    entries = "".join(f"<sitemap><loc>{url}</loc><lastmod>2026-11-19</lastmod></sitemap>\n" for url in children)
    return listing("application/xml", f"{XML}<sitemapindex {NAMESPACES}>\n{entries}</sitemapindex>\n")


def sitemap(stories: Iterable[Story]) -> Answer:
    """A plain sitemap."""
    entries = "".join(
        f"<url><loc>{escape(story.url)}</loc><lastmod>{story.modified or story.published}</lastmod></url>\n"
        for story in stories
    )
    return listing("application/xml", f"{XML}<urlset {NAMESPACES}>\n{entries}</urlset>\n")


def zipped(answer: Answer) -> Answer:
    """The same file as a .gz: compressed itself, not by a content coding."""
    return Answer(headers=(("Content-Type", "application/x-gzip"),), body=gzip.compress(answer.body, mtime=0))


def news_sitemap(paper: Paper, stories: Iterable[Story]) -> Answer:
    """A news sitemap with publication, date and title."""
    entries = "".join(
        f"<url><loc>{escape(story.url)}</loc><news:news><news:publication><news:name>{paper.name}</news:name>"
        f"<news:language>{story.language or 'und'}</news:language></news:publication>"
        f"<news:publication_date>{story.published}</news:publication_date>"
        f"<news:title>{escape(story.headline)}</news:title></news:news></url>\n"
        for story in stories
    )
    return listing("application/xml", f"{XML}<urlset {NAMESPACES} {NEWS}>\n{entries}</urlset>\n")


def whole_text(story: Story) -> str:
    """The paragraphs as HTML."""
    return "".join(f"<p>{escape(paragraph)}</p>" for paragraph in story.paragraphs)


def rfc5322(story: Story) -> str:
    """The time of publication as RSS 2.0 wants it."""
    return format_datetime(datetime.fromisoformat(story.published))
