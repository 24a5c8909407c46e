"""Sites learned: when, and what becomes of what was learned. Facts and now in, decision out.

A site is learned when it has told a few articles, and again once a day when it told more. When its pages no longer fit,
its templates are retired at once: a redesign is seen by the pages that go back to the teacher, and by samples that are
read both ways and no longer agree.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from archive.records import Site

Why = Literal["first", "renewal", "drift"]

FIRST: Final = 5  # articles before a site is learned
RENEWED: Final = timedelta(days=1)  # a state stands for so long, unless it drifts
FEWEST_PAGES: Final = 6  # that show a drift, when half of them do not fit
FEWEST_SAMPLES: Final = 3  # that do, when they agree with the teacher by less than this on average:
AGREEMENT: Final = 0.9
_WINDOW: Final = timedelta(days=1)  # of a busy site the pages of a day count, though they are more


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a page that the newest state helped to read came out."""

    captured_at: datetime
    fits: bool | None  # None: the state has no template for its kind
    agreement: float | None  # None: it was no sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an archive tells of a site, for the decision whether it is learned."""

    articles: int  # that were kept; more than FIRST need not be counted
    state: Site | None  # the newest
    has_news: bool  # whether it told articles since that was learned
    looks: tuple[Look, ...] = ()  # of pages that the newest state helped to read, the last one first


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The last time that a site was to be learned and nothing was remembered."""

    why: Why
    at: datetime


def learn_site(pages: Iterable[tuple[str, bytes]]) -> Site:
    """What pages of one site teach about it, for `clean(…, site=)`.

    pages: (URL after redirects, entity) of each, the oldest first. Three articles of a kind teach a template, two the
    lines that all of them print; pages that are no article teach nothing. The site is the host of most of them.
    Raises ValueError when there are no pages.
    """
    from scraper.extract.facts import site_of  # noqa: PLC0415  who decides when to learn does not pay for parsers
    from scraper.extract.learning import memory_from  # noqa: PLC0415

    known = list(pages)
    if not known:
        raise ValueError("no pages to learn a site from")
    [(name, _)] = Counter(site_of(url) for url, _ in known).most_common(1)
    return Site(site=name, number=1, learned_at=datetime.now(UTC), memory=memory_from(known))


def look_of(captured_at: datetime, extractor: Mapping[str, str]) -> Look:
    """How a kept page came out, as `Facts.extractor` says."""
    fit, agreed = extractor.get("template"), extractor.get("agreement")
    return Look(
        captured_at=captured_at,
        fits=None if fit is None else fit != "misfit",
        agreement=None if agreed is None else float(agreed),
    )


def why_learn(report: Report, *, now: datetime, tried: Attempt | None = None) -> Why | None:
    """Why the site is to be learned now; None: it is not.

    tried: an attempt that came to nothing; it is not repeated for a day, unless a drift is seen after it.
    """
    why = _why(report, now)
    is_spared = tried is not None and now - tried.at < RENEWED and (why != "drift" or tried.why == "drift")
    return None if is_spared else why


def _why(report: Report, now: datetime) -> Why | None:
    if report.state is None:
        return "first" if report.articles >= FIRST else None
    if drifting_since(report.looks, now=now):
        return "drift"
    is_old = now - report.state.learned_at >= RENEWED
    return "renewal" if is_old and report.has_news else None


def drifting_since(looks: Sequence[Look], *, now: datetime) -> datetime | None:
    """When the pages began not to fit the newest state; None: they fit.

    Half of the last six do not, of a busy site half of those of a day; or its last three samples, or those of a day,
    agree with the teacher by less than .9 on average.
    """
    pages = _last([look for look in looks if look.fits is not None], FEWEST_PAGES, now)
    misfits = [look for look in pages if not look.fits]
    if len(pages) >= FEWEST_PAGES and 2 * len(misfits) >= len(pages):
        return min(look.captured_at for look in misfits)
    agreed = [(each, look) for look in looks if (each := look.agreement) is not None]
    last = _last([look for _, look in agreed], FEWEST_SAMPLES, now)
    samples = agreed[: len(last)]
    if len(samples) < FEWEST_SAMPLES or sum(each for each, _ in samples) >= AGREEMENT * len(samples):
        return None
    return min(look.captured_at for each, look in samples if each < AGREEMENT)


def _last(looks: Sequence[Look], fewest: int, now: datetime) -> Sequence[Look]:
    """The last so many, and those before them that are of the same day."""
    recent = sum(now - look.captured_at < _WINDOW for look in looks)
    return looks[: max(fewest, recent)]


def layout_began(report: Report, why: Why, *, now: datetime) -> datetime | None:
    """From when on pages teach templates; None: all do. A layout lasts from one drift to the next."""
    if why == "drift":
        return drifting_since(report.looks, now=now)
    return report.state.began if report.state else None


def next_state(name: str, report: Report, why: Why, learned: Mapping[str, Any] | None, *, now: datetime) -> Site | None:
    """The state that is remembered; None: there is nothing new to remember.

    learned: what the pages teach; None: nothing could be learned. On a drift the templates that do not fit are retired
    all the same: then the site has those that were learned since it began, or none.
    """
    before = report.state
    if learned is None:
        if why != "drift" or before is None:
            return None
        learned = {**before.memory, "templates": {}, "held": _held_from(drifting_since(report.looks, now=now))}
    elif why == "drift" and before and learned.get("templates") == before.memory.get("templates"):
        learned = {**learned, "templates": {}}  # they were learned again, and do not fit again
    if before and _but_held(learned) == _but_held(before.memory):
        return None
    return Site(site=name, number=before.number + 1 if before else 1, learned_at=now, memory=learned)


def _held_from(began: datetime | None) -> dict[str, str] | None:
    return {"from": began.isoformat(), "to": began.isoformat()} if began else None


def _but_held(memory: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in memory.items() if name != "held"}
