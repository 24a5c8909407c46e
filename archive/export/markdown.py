"""Markdown: a file a text, its facts as YAML front matter.

The list items, quotes and subheads of the text form (archive/FORMAT.md) stand as they are, for Markdown writes them the
same way; every other character that would be taken for markup is escaped, so that each word of the text is read.
Source: CommonMark 0.31.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from archive import escaping
from archive.export.rows import rows
from archive.finding import Conditions
from archive.reader import Archive
from archive.warc import stamp


def write(archive: Archive, conditions: Conditions, folder: Path) -> int:
    """A file in `folder` for each text of the chosen revisions, under the text's path without `text/`; how many.

    A text that several revisions share has one file, with the facts of the first of them. Raises Damaged.
    """
    count = 0
    for row in rows(archive, conditions):
        path = folder / row["text_file"].removeprefix("text/").removesuffix(".txt")
        path = path.with_name(f"{path.name}.md")
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page(row), encoding="utf-8", newline="\n")
        count += 1
    return count


def page(row: Mapping[str, Any]) -> str:
    """The row of a revision as a Markdown file."""
    facts = {name: _plain(value) for name, value in row.items() if name != "text" and value not in (None, (), {})}
    front = yaml.dump(facts, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return f"---\n{front}---\n\n" + escaping.page_of(row["text"], has_headline=bool(row["headline"]))


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return stamp(value)
        case tuple():
            return list(value)
        case Mapping():
            return {name: _plain(each) for name, each in value.items() if each is not None}
    return value


class _Dumper(yaml.SafeDumper):
    """Text on one line, in double quotes where a character could break it."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        # PyYAML breaks lines at U+0085, U+2028 and U+2029 and reads blanks back; in double quotes they are escapes.
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')


_Dumper.add_representer(str, _Dumper.represent_text)
