"""What an answer means: its status, its redirects, what is missing of it."""

from dataclasses import replace

from archive.heads import status_of
from archive.records import Outcome, Page, Truncation, Visit
from scraper.urls import key


def answered(visit: Visit, page: Page) -> Visit:
    """The visit as the answer's status makes it; "new" when there is something to understand."""
    status = status_of(page.answer.response_head)
    outcome, reason = meaning(status, page.answer.truncated)
    seconds = round(sum(exchange.seconds for exchange in page.exchanges), 3)
    return replace(visit, outcome=outcome, reason=reason, status=status, seconds=seconds)


def meaning(status: int, cut: Truncation | None) -> tuple[Outcome, str | None]:
    """What an answer of that status comes to, and why; "new" when there is something to understand."""
    if status in (404, 410):
        return "gone", f"http-{status}"
    if status in (401, 403, 429, 451):
        return "blocked", f"http-{status}"
    if status != 304 and not 200 <= status < 300:
        return "failed", f"http-{status}"
    if cut:
        return "failed", "too-large" if cut == "length" else "truncated"
    return "new", None


def why(visit: Visit) -> str:
    """One line for an answer that holds nothing to understand: what, where, why, what to do."""
    words = {
        "gone": f"the site says it is gone (HTTP {visit.status}); what was kept of it stays",
        "blocked": f"the site refuses it (HTTP {visit.status}); ask its owner, or try again later",
        "failed": f"the site answered HTTP {visit.status}; try again later",
    }
    whole = words.get(visit.outcome, visit.outcome)
    if visit.reason == "truncated":
        whole = "the answer was cut short; it is kept as it came and changes no text. Try again later"
    elif visit.reason == "too-large":
        whole = "the answer is larger than network.max_body; what came is kept and changes no text. Raise the setting"
    return f"{visit.url}: {whole}"


def moved(page: Page) -> bool:
    """Whether permanent redirects alone led from the URL asked for to the answer."""
    hops = page.exchanges[:-1]
    return bool(hops) and all(status_of(hop.response_head) in (301, 308) for hop in hops)


def aliases(page: Page) -> tuple[str, ...]:
    """The normalised URLs of all hops, each once."""
    return tuple(dict.fromkeys(known_by(exchange.url) for exchange in page.exchanges))


def known_by(url: str) -> str:
    """The URL's key; of one that httpx sends and a browser would not take, the URL itself."""
    try:
        return key(url)
    except ValueError:
        return url
