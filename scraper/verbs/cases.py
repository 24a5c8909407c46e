"""`pressmark explain --as-test`: a page whose text looks wrong, as a test for pytest."""

import gzip
import hashlib
import json
import re
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from archive.records import Site
from scraper.errors import ConfigError

_LONGEST_NAME = 60
_TESTS = '''"""Pages and the texts that they should give: each folder beside this file holds one of them.

expected.txt is the text as it was when the folder was made. Edit it to what the page says (take out what is no part of
the article, put in what is missing, an empty line between two paragraphs), and this fails until pressmark gives that.
"not an article: wall" is what a page gives that holds no article.
Written by `pressmark explain URL|FILE --as-test DIR`; run it with pytest.
"""

import gzip
import json
from datetime import datetime
from difflib import unified_diff
from pathlib import Path

import pytest

from archive.records import Site
from scraper import clean
from scraper.errors import NotAnArticle
from scraper.extract import clean_flat, text_of

CASES = sorted(Path(__file__).parent.glob("*/case.json"))


def given_by(folder):
    """The text that the page in this folder gives today, line by line."""
    case = json.loads((folder / "case.json").read_text(encoding="utf-8"))
    body = gzip.decompress((folder / "page.html.gz").read_bytes())
    known = case["site"]
    site = Site(**known | {"learned_at": datetime.fromisoformat(known["learned_at"])}) if known else None
    try:
        if case["is_flat"]:
            return clean_flat(text_of(body, case["url"]), case["url"], site=site).text
        return clean(body, case["url"], charset=case["charset"], site=site).text
    except NotAnArticle as none:
        return f"not an article: {none.reason}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.parent.name)
def test_a_page_gives_the_text_that_was_expected(case):
    expected = (case.parent / "expected.txt").read_text(encoding="utf-8")
    texts = (text.strip().split("\\n") for text in (expected, given_by(case.parent)))
    difference = "\\n".join(unified_diff(*texts, "expected", "today", lineterm="", n=2))
    if difference:
        pytest.fail(f"- is expected and missing, + is too much:\\n{difference}", pytrace=False)
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A page and what it gives today."""

    url: str  # or the file it was read from
    body: bytes  # the entity
    charset: str | None  # as HTTP declared it
    site: Site | None  # what is known of its site
    is_flat: bool
    text: str  # "not an article: wall" of one that holds none


def write_case(case: Case, folder: Path) -> Path:
    """The folder that was made for it in `folder`. Raises ConfigError: it is there already, or cannot be written."""
    place = folder / _name_of(case)
    said = {
        "url": case.url,
        "charset": case.charset,
        "is_flat": case.is_flat,
        "site": {**asdict(case.site), "learned_at": case.site.learned_at.isoformat()} if case.site else None,
        "pressmark": version("pressmark"),
    }
    files = {
        "page.html.gz": gzip.compress(case.body, mtime=0),
        "case.json": json.dumps(said, ensure_ascii=False, indent=1).encode("utf-8", "replace"),
        "expected.txt": case.text.encode(),
    }
    try:
        place.mkdir(parents=True)
        for name, written in files.items():
            (place / name).write_bytes(written)
        tests = folder / "test_pages.py"
        if not tests.exists():
            tests.write_text(_TESTS, encoding="utf-8")
    except FileExistsError as error:
        raise ConfigError(str(place), "is there already; its expected.txt may have been edited") from error
    except OSError as error:
        raise ConfigError(str(place), f"cannot be written ({error.strerror})") from error
    return place


def _name_of(case: Case) -> str:
    """Short, told by the URL, and another one for other bytes."""
    path = re.split(r"[?#]", case.url)[0].lower() if "://" in case.url else Path(case.url).stem.lower()
    words = re.sub(r"[^a-z0-9]+", "-", path.partition("://")[2] or path).strip("-")
    words = words[-_LONGEST_NAME:].partition("-")[2] if len(words) > _LONGEST_NAME else words
    return f"{words or 'page'}-{hashlib.sha256(case.body).hexdigest()[:8]}"
