"""Is this text new? Facts in, verdict out.

Like is compared with like: a text that changed because the extractor changed is no revision of the article.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from archive.records import REVISING, Article, Facts, Revision, Verdict

_TEMPLATE: Final = "template"  # the rung of what a template has read
# What an extractor says of the page, not of itself.
_OF_THE_PAGE: Final = frozenset(("rung", "template", "agreement", "letters"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of an article since its latest revision."""

    verdict: Verdict | None  # None: unchanged, nothing to keep
    facts_changed: tuple[str, ...] = ()


def compare(article: Article, latest: Revision | None, *, baseline: Article | None = None) -> Change:
    """What the article is, measured against its latest revision.

    baseline: the latest revision's capture as today's extractor reads it; needed only when `same_extractor` says no.
    Where it says that the facts have changed and the text is another one for the extractor alone, see `with_text_of`.
    """
    if latest is None:
        return Change(verdict="new")
    before: Facts = baseline or latest.facts
    changed = facts_changed(article, before)
    if article.sha256 == latest.sha256:
        return Change(verdict="facts" if changed else None, facts_changed=changed)
    if baseline is not None and baseline.text == article.text:
        # The extractor made the difference between the texts, and none between the facts.
        return Change(verdict="facts" if changed else None, facts_changed=changed)
    return Change(verdict="revised", facts_changed=changed)


def same_extractor(article: Article, latest: Revision) -> bool:
    """Whether both were cleaned alike: by the same versions and the same site memory.

    What does not count depends on the page: which fallback gave the text, and whether it fits its site's template.
    """
    return (_versions(article), article.site_memory) == (_versions(latest.facts), latest.facts.site_memory)


def same_way(now: Facts, before: Facts) -> bool:
    """Whether both texts came by a template, or both by the teacher: on the same page the two may differ."""
    return (now.extractor.get("rung") == _TEMPLATE) == (before.extractor.get("rung") == _TEMPLATE)


def with_text_of(before: Article, now: Article) -> Article:
    """Today's facts with the text of before: what is kept where the extractor alone reads the text otherwise."""
    return replace(
        now,
        headline=before.headline,
        paragraphs=before.paragraphs,
        extractor=before.extractor,
        site_memory=before.site_memory,
    )


def between(now: Facts, before: Facts) -> tuple[str, ...] | None:
    """The names of the facts that differ; None when the two were cleaned by different extractors."""
    alike = (_versions(now), now.site_memory) == (_versions(before), before.site_memory)
    return facts_changed(now, before) if alike and same_way(now, before) else None


def _versions(facts: Facts) -> dict[str, str]:
    return {name: version for name, version in facts.extractor.items() if name not in _OF_THE_PAGE}


def facts_changed(now: Facts, before: Facts) -> tuple[str, ...]:
    """The names of the facts that are no longer what they were."""
    return tuple(name for name in REVISING if now.said(name) != before.said(name))


def known_as(canonical: str, *, asked: str, moved: bool, article_at: Callable[[str], str | None]) -> str:
    """The URL an article is known by, given the canonical URL that its page claims.

    asked: the normalised URL that was asked for. moved: a permanent redirect led from there to here, so the article has
    a new address and stays the one it was. article_at: which article a normalised URL leads to.
    """
    known = article_at(canonical)
    if known:
        return known
    if moved and article_at(asked) == asked:
        return asked
    return canonical
