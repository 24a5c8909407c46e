"""Gets news pages and understands them.

from scraper import clean, fetch, learn_site
told = fetch("https://example.org/2026/11/harbour-strike", archive="pressmark-archive")
print(told.visit.outcome, told.article and told.article.text)

article = clean(body, "https://example.org/2026/11/harbour-strike")     # bytes of a page you have
article = clean(body, url, site=learn_site(pages))      # pages: (url, body) of others on its site; better, and faster
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scraper.extract import clean
    from scraper.learning import learn_site
    from scraper.once import fetch

__all__ = ["clean", "fetch", "learn_site"]


def __getattr__(name: str) -> Any:
    """The names above, when they are first asked for: the command line imports this package for its help, too."""
    if name == "clean":
        from scraper.extract import clean

        return clean
    if name == "fetch":
        from scraper.once import fetch

        return fetch
    if name == "learn_site":
        from scraper.learning import learn_site

        return learn_site
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
