"""An imported answer comes to what a fetched one would come to; what is no whole page is not read."""

import asyncio
from collections.abc import Iterator

import pytest

from archive.importing import Answer, Understood
from archive.records import Truncation
from scraper.imports import understood
from scraper.workers import Workers

URL = "http://Harbour-Post.example/strike?utm_source=feed"
SENTENCES = " ".join(["The harbour office says that the quay will stay closed until the crane is inspected."] * 5)
PAGE = f"<html><body><article><h1>Crane stays closed</h1>{f'<p>{SENTENCES}</p>' * 4}</article></body></html>".encode()


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    workers = Workers(1, seconds=60, megabytes=1000, idle_seconds=60)
    yield workers
    workers.close()


def read(
    workers: Workers,
    status: int = 200,
    body: bytes = PAGE,
    *,
    headers: bytes = b"Content-Type: text/html\r\n",
    truncated: Truncation | None = None,
) -> Understood:
    head = b"HTTP/1.1 200 OK\r\n" + headers + b"\r\n"
    answer = Answer(url=URL, status=status, truncated=truncated, head=head, body=body)
    return asyncio.run(understood(workers, answer))


@pytest.mark.parametrize("status", [200, 304])
def test_a_page_comes_to_its_article_known_by_its_normalised_url(workers: Workers, status: int):
    found = read(workers, status)
    assert found.outcome == "new"
    assert found.article
    assert found.article.text.startswith("Crane stays closed\n\nThe harbour office")
    assert found.aliases == (found.article.canonical_url,) == ("http://harbour-post.example/strike",)


@pytest.mark.parametrize(
    ("status", "outcome", "reason"),
    [
        (301, "not-article", "redirect"),
        (206, "not-article", "http-206"),
        (404, "gone", "http-404"),
        (403, "blocked", "http-403"),
        (503, "failed", "http-503"),
        (0, "failed", "http-0"),
    ],
)
def test_what_is_no_page_is_named_as_if_it_had_been_fetched(workers: Workers, status: int, outcome: str, reason: str):
    assert read(workers, status) == Understood(outcome=outcome, reason=reason)  # type: ignore[arg-type]  # one of ours


@pytest.mark.parametrize(("truncated", "reason"), [("length", "too-large"), ("time", "truncated")])
def test_a_page_that_was_cut_is_not_read(workers: Workers, truncated: Truncation, reason: str):
    assert read(workers, truncated=truncated) == Understood(outcome="failed", reason=reason)


def test_a_304_without_its_page_a_picture_and_a_wrong_coding_are_no_articles(workers: Workers):
    assert read(workers, 304, b"").reason == "not-modified"
    assert read(workers, headers=b"Content-Type: image/png\r\n").reason == "media-type"
    assert read(workers, headers=b"Content-Encoding: gzip\r\n", body=b"\x1f\x8bx").outcome == "failed"
    assert read(workers, body=b"<html></html>").outcome == "not-article"
