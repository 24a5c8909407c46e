"""`pressmark demo`: the whole line against the sample newspaper, and what it kept."""

from pathlib import Path

from archive.verify import Counts, verify
from scraper.demo import SITES, Press
from scraper.edge import reader, run
from scraper.flags import Flags
from scraper.output import DAMAGE, DONE, Output, safe
from scraper.settings import Config
from scraper.verbs.fetch import one_pass

FOLDER = Path("pressmark-demo")


def demo(flags: Flags) -> int:
    """Two passes over the sample newspaper, some edits between them; then texts, pressmarks and WARC files."""
    folder, output = flags.archive or FOLDER, flags.output
    with Press() as press:
        config = _settings(folder, press)
        for edition in (1, 2):
            press.edition = edition
            output.say(f"\n── edition {edition} of a sample newspaper, served on loopback")
            run(one_pass(config, output, again=edition > 1, keep=True, wait=10.0))
    return _kept(config, output)


def _settings(folder: Path, press: Press) -> Config:
    """The settings for a newspaper that lies on loopback and is ours: no delay, every host pinned."""
    sources = [
        {"name": paper.name, "feeds": paper.feeds, "sitemaps": paper.sitemaps, "fronts": [paper.front]}
        for paper in SITES
    ]
    return Config.model_validate(
        {
            "contact": "demo@pressmark.example",
            "archive": {"dir": str(folder)},
            "politeness": {"delay": 0},
            "network": {"connect_to": press.pins},
            "sources": {"list": sources, "max_age": None},  # its dates never move
        }
    )


def _kept(config: Config, output: Output) -> int:
    """Show what is in the archive: a text in full, each text's name, the WARC files, and that all of it is whole."""
    counts = Counts()
    with reader(config) as archive, archive.reading() as reading:
        found = list(reading.revisions_where([], limit=None))
        # Not by ordinal: which of two feeds is polled first is chance.
        kept = [each for each in found if each.names_file]
        named = sorted(kept, key=lambda each: (each.facts.site, each.facts.headline or "", each.captured_at))
        warcs = list(reading.warc_files())
        damages = list(verify(archive, counts))
        first = archive.text(named[0]).decode()
    output.say(f"\n── {named[0].text_file}")
    output.line(first)
    output.say("── the texts, by site")
    for each in named:
        output.line(
            f"{each.pressmark}  {each.verdict:<7}  {safe(each.facts.site):<24}  {safe(each.facts.headline or '')}"
        )
    output.say("\n── the exact responses they came from")
    for warc in warcs:
        output.line(str(config.archive.dir / warc))
    output.say(f"\n{counts.records} records and {counts.texts} texts verified, {len(damages)} damaged")
    output.say(f"Look around: pressmark -C {config.archive.dir} list · show {named[0].pressmark} · verify")
    return DAMAGE if damages else DONE
