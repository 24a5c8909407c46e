"""`pressmark clean`: the article in a saved page or an already flattened text; nothing is stored."""

import sys
from dataclasses import fields
from pathlib import Path

from archive.records import Facts, Site
from scraper.errors import ConfigError
from scraper.extract import clean, clean_flat, is_flat, markdown, text_of
from scraper.flags import Flags
from scraper.output import DONE
from scraper.verbs.formats import as_markdown, check_format


def clean_file(flags: Flags, file: Path, *, url: str, site: str, name: str) -> int:
    """Print the clean text; facts and text with --json. Raises NotAnArticle, ExtractError or ConfigError.

    site: whose memory is used, "" for none; name: of the format.
    """
    check_format(name)
    body = read(file)
    where = url or str(file)  # a made-up URL would be a front page's
    text = text_of(body, where)
    memory = _remembered(flags, site) if site else None
    if is_flat(text):
        article = clean_flat(text, where, site=memory)
        written = as_markdown(article.text, article)
    elif name == "md":
        article, written = markdown(body, where, site=memory)
    else:
        article = clean(body, where, site=memory)
        written = article.text
    facts = {each.name: getattr(article, each.name) for each in fields(Facts)}
    shown = {"words": article.words, "paragraphs": article.paragraphs, "text": article.text}
    flags.output.object({**facts, **shown, **({"markdown": written} if name == "md" else {})})
    flags.output.text(written if name == "md" else article.text)
    return DONE


def _remembered(flags: Flags, site: str) -> Site:
    # An archive takes as long to import as all the rest.
    from scraper.verbs.fetch import settings  # noqa: PLC0415
    from scraper.verbs.memory import site_named  # noqa: PLC0415

    return site_named(settings(flags), site)


def read(file: Path) -> bytes:
    """The bytes of a file, of stdin for "-". Raises ConfigError."""
    try:
        return sys.stdin.buffer.read() if file == Path("-") else file.read_bytes()
    except OSError as error:
        raise ConfigError(str(file), f"cannot be read ({error.strerror})") from error
