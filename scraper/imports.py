"""What an imported answer comes to: as a fetched one, but that nobody can be asked again."""

from archive.heads import media_type
from archive.importing import Answer, Understood
from scraper.errors import ExtractError, FetchError, NotAnArticle
from scraper.ladder import article_of
from scraper.outcomes import known_by, meaning
from scraper.workers import Workers

_HTML = (None, "text/html", "application/xhtml+xml")  # None: the server did not say


async def understood(workers: Workers, answer: Answer) -> Understood:
    """The article in an answer, or why there is none; only a page that a server gave whole is read."""
    if why := _no_page(answer):
        return why
    try:
        article = await article_of(workers, answer.head, answer.body, answer.url)
    except NotAnArticle as error:
        return Understood(outcome="not-article", reason=error.reason)
    except (ExtractError, FetchError) as error:
        return Understood(outcome="failed", reason=error.reason)
    return Understood(outcome="new", article=article, aliases=(known_by(answer.url),))


def _no_page(answer: Answer) -> Understood | None:
    outcome, reason = meaning(answer.status, answer.truncated)
    if 300 <= answer.status < 400 and answer.status != 304:
        return Understood(outcome="not-article", reason="redirect")
    if outcome != "new":
        return Understood(outcome=outcome, reason=reason)
    if answer.role != "article":
        return Understood(outcome="not-article", reason=answer.role)
    if answer.status == 304 and not answer.body:
        return Understood(outcome="not-article", reason="not-modified")
    if answer.status not in (200, 304):
        return Understood(outcome="not-article", reason=f"http-{answer.status}")
    if media_type(answer.head) not in _HTML:
        return Understood(outcome="not-article", reason="media-type")
    return None
