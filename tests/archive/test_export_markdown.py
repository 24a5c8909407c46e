"""Markdown: read by a Markdown reader, the words are those of the text."""

import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from archive.export import FORMATS, export
from archive.export.markdown import page
from tests.archive.pages import MORE_FACTS
from tests.archive.shelf import Shelf, fill

MARKS = [
    "*bold*", "_so_", "__init__", "`code`", "[link](http://x.example)", "![a](b)", "<b>", "</p>", "<!-- x -->", "&amp;",
    "&#65;", "&", "#", "##", "# x", "+", "-", "---", "***", "===", "~~~", "```", "> q", ">", "1.", "1)", "2026.", "12)",
    "\\", "\\*", "\\!", "a\\.b", "|", "a | b", "$x$", "http://a.example/_b_c_", "<http://a.example>",
    "[x]:", "[^1]",
    "!", "word",
    "Über", "“she”", ":", "C#", "- ", "10. ", "> ", "@a", "=1",
]  # fmt: skip
words = st.lists(st.sampled_from(MARKS), min_size=1, max_size=5).map(lambda some: " ".join(" ".join(some).split()))
paragraphs = st.lists(words.filter(bool), min_size=1, max_size=4)


def row(paragraphs: list[str], headline: str | None = None, **facts: object) -> dict[str, object]:
    text = "\n\n".join([headline, *paragraphs] if headline else paragraphs) + "\n"
    return {"headline": headline, "text": text, **facts}


def front_and_body(written: str) -> tuple[dict[str, object], str]:
    assert written.startswith("---\n")
    front, body = written.removeprefix("---\n").split("\n---\n\n", 1)
    return yaml.safe_load(front), body


def read(body: str) -> list[str]:
    """The words that a reader of the Markdown sees, with the marks of lists and quotes that our text form writes."""
    seen: list[str] = []
    for token in MarkdownIt("commonmark").parse(body):
        if token.type == "ordered_list_open":
            seen.append(f"{token.attrGet('start') or 1}.")
        elif token.type in ("bullet_list_open", "list_item_open", "blockquote_open"):
            seen.append("-")
        elif token.type == "inline":
            assert all(child.type == "text" for child in token.children or ()), body
            seen.extend(token.content and "".join(child.content for child in token.children or ()).split())
        else:
            assert token.type.endswith("_close") or token.type in ("paragraph_open", "heading_open"), token.type
    return seen


def bare(seen: list[str]) -> list[str]:
    """Without marks of lists and quotes, which a reader sees as indents and bullets."""
    return [word for word in seen if not re.fullmatch(r"-|>|\d+\.", word)]


@given(paragraphs, st.none() | words.filter(bool))
def test_every_word_of_a_text_survives(paragraphs, headline):
    _, body = front_and_body(page(row(paragraphs, headline)))
    told = [*([headline] if headline else []), *paragraphs]
    assert bare(read(body)) == bare(" ".join(told).split())


@pytest.mark.parametrize(
    ("paragraph", "written"),
    [
        ("> He said no.", "> He said no."),
        ("- bread", "- bread"),
        ("3. The third.", "3. The third."),
        ("> - quoted item", "> - quoted item"),
        ("5 * 3 and 2*2", "5 \\* 3 and 2\\*2"),
        ("#metoo", "\\#metoo"),
        ("1) no list of ours", "1\\) no list of ours"),
        ("---", "\\---"),
        ("-", "\\-"),
        (">", "\\>"),
        ("see [1]", "see \\[1\\]"),
        ("AT&T &amp; R&D", "AT&T \\&amp; R&D"),
        ("10 < 20 > 5", "10 \\< 20 > 5"),
    ],
)
def test_what_the_text_form_means_stands_and_the_rest_is_escaped(paragraph, written):
    _, body = front_and_body(page(row([paragraph])))
    assert body == f"{written}\n"


def test_a_headline_may_end_in_the_mark_that_closes_one():
    _, body = front_and_body(page(row(["x"], "Ten years of C #")))
    assert read(body) == [*"Ten years of C #".split(), "x"]


@pytest.mark.parametrize(
    "headline",
    ["no", "12:30", "2026-11-20", "---", "a: b # c", "\u2028 line", "- x", "'\"", "{{x}}", "!!python/object:os",
     "&a *a", "x\x85y", "\U0001f4f0 paper", "null", "%TAG", "`", "@x"],
)  # fmt: skip
def test_front_matter_holds_any_fact_as_it_is(headline):
    front, _ = front_and_body(page(row(["x"], headline, authors=(headline, "b"))))
    assert front == {"headline": headline, "authors": [headline, "b"]}


def test_front_matter_tells_where_a_page_contradicts_itself_and_leaves_out_what_is_not_known():
    front, _ = front_and_body(page(row(["x"], **MORE_FACTS, modified=None, origins={})))
    assert front == json.loads(json.dumps(MORE_FACTS))


@pytest.fixture
def shelf(archive) -> Shelf:
    return fill(archive)


def test_a_text_has_one_file_named_as_the_text_and_says_where_it_came_from(shelf, tmp_path):
    folder = tmp_path / "notes"
    assert export(shelf.archive, folder, as_format=FORMATS["markdown"]) == 4
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*.md")}
    named = {each.text_file.removeprefix("text/").removesuffix(".txt") + ".md" for each in shelf.revisions}
    assert files == named
    path = folder / Path(shelf.moved.text_file.removeprefix("text/")).with_suffix(".md")
    front, body = front_and_body(path.read_text())
    assert (front["url"], front["sha256"]) == (shelf.moved.facts.url, shelf.moved.sha256)
    assert front["capture"]["record_id"] == shelf.moved.capture  # type: ignore[index]
    assert body.startswith("# Harbour workers end strike\n\nDock workers voted to return.\n\n")
