"""`pressmark clean`: the article in a saved page or an already flattened text; nothing is stored."""

import sys
from dataclasses import fields
from pathlib import Path

from archive.records import Facts
from scraper.errors import ConfigError
from scraper.extract import clean, clean_flat, is_flat
from scraper.flags import Flags
from scraper.output import DONE


def clean_file(flags: Flags, file: Path, *, url: str) -> int:
    """Print the clean text; facts and text with --json. Raises NotAnArticle, ExtractError or ConfigError."""
    body = _read(file)
    text = body.decode("utf-8-sig", "replace")
    where = url or str(file)  # a made-up URL would be a front page's
    article = clean_flat(text, where) if is_flat(text) else clean(body, where)
    facts = {each.name: getattr(article, each.name) for each in fields(Facts)}
    flags.output.object({**facts, "words": article.words, "paragraphs": article.paragraphs, "text": article.text})
    flags.output.text(article.text)
    return DONE


def _read(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == Path("-") else file.read_bytes()
    except OSError as error:
        raise ConfigError(str(file), f"cannot be read ({error.strerror})") from error
