"""`--format`: what a text is printed in."""

from archive import escaping
from archive.records import Article, Facts, Site
from scraper.errors import ConfigError
from scraper.extract import entity_of, markdown
from scraper.output import Output

FORMATS = ("text", "md")


def check_format(name: str) -> None:
    """Raises ConfigError for a format that no text has."""
    if name not in FORMATS:
        raise ConfigError("--format", f"{name} is none that a text is printed in; these are: {', '.join(FORMATS)}")


def as_markdown(text: str, facts: Facts) -> str:
    """A text in its own form as Markdown: without links, and each subhead a paragraph."""
    return escaping.page_of(text, has_headline=facts.headline is not None)


def markdown_of_response(head: bytes, body: bytes, site: Site | None, url: str) -> tuple[Article, str]:
    """The article in a response, and its Markdown: what a worker runs. Raises what `scraper.extract.clean` raises."""
    entity, charset = entity_of(head, body, url)
    return markdown(entity, url, charset=charset, site=site)


def with_links(output: Output, text: str, facts: Facts, read: tuple[Article, str] | None) -> str:
    """A text as Markdown: with its page's links, when the page still gives this very text.

    read: what `markdown_of_response` makes of the page now; None when it makes nothing of it, or is not there.
    """
    if read and read[0].text == text:
        return read[1]
    output.say("its page, read once more, gives another text; so this one is without links")
    return as_markdown(text, facts)
