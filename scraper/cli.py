"""The command line: each verb's words and flags. What a verb does is in scraper.verbs, imported when it is called."""

import os
import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer

from archive.errors import ArchiveError
from scraper.errors import ConfigError, ScraperError
from scraper.flags import FilterFlags, Flags, NetworkFlags, verb
from scraper.output import EXIT_HELP, USAGE, Output, guard_stderr

app = typer.Typer(
    help="Keeps the news as it was: the clean text of every article and the exact response it came from, under hashes.",
    epilog=EXIT_HELP,
    no_args_is_help=True,
    rich_markup_mode=None,  # rich's help takes as long to import as all the rest
    pretty_exceptions_enable=False,
)
config_app = typer.Typer(no_args_is_help=True, help="Show, check or describe the settings.", rich_markup_mode=None)
app.add_typer(config_app, name="config")

_FORMATS = "text or md (Markdown)"
_SITE = "use what the archive (-C) remembers of that site"
_UsageError: Any = typer.BadParameter.__base__  # of the click that typer carries with it and has no name for


def _print_version(said: bool) -> None:
    if said:
        print(f"pressmark {version('pressmark')}")
        raise typer.Exit


@app.callback()
@verb
def everywhere(
    flags: Flags,
    shown: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="say it and end")
    ] = False,
) -> None:
    """Keeps the news as it was."""


@app.command()
@verb
def fetch(
    flags: Flags,
    network: NetworkFlags,
    urls: Annotated[list[str] | None, typer.Argument(metavar="[URL…|-]", help="links; - reads them from stdin")] = None,
    again: Annotated[bool, typer.Option("--again", help="in a pass, also what was kept before")] = False,
    no_keep: Annotated[bool, typer.Option("--no-keep", help="touch no archive")] = False,
    name: Annotated[str, typer.Option("--format", metavar="FORMAT", help=f"of one link: {_FORMATS}")] = "text",
) -> int:
    """Fetch links and keep them; without links, one pass over the sources."""
    from scraper.verbs import fetch as verbs

    return verbs.fetch(flags, urls or [], again=again, keep=not no_keep, name=name, network=network)


@app.command()
@verb
def daemon(flags: Flags, network: NetworkFlags) -> int:
    """Watch the sources until SIGTERM."""
    from scraper.daemon import run
    from scraper.verbs.fetch import settings

    return run(settings(flags, network), verbose=flags.verbose, as_json=flags.json, wait=flags.patience)


@app.command()
@verb
def clean(
    flags: Flags,
    file: Annotated[Path, typer.Argument(metavar="FILE|-", help="a saved page or a flattened text")],
    url: Annotated[str, typer.Option(help="where the page came from")] = "",
    site: Annotated[str, typer.Option("--site", metavar="NAME", help=_SITE)] = "",
    name: Annotated[str, typer.Option("--format", metavar="FORMAT", help=_FORMATS)] = "text",
) -> int:
    """Print the article in a file; nothing is stored."""
    from scraper.verbs.cleaning import clean_file

    return clean_file(flags, file, url=url, site=site, name=name)


@app.command()
@verb
def explain(
    flags: Flags,
    network: NetworkFlags,
    what: Annotated[str, typer.Argument(metavar="URL|FILE|-", help="a page, saved or not, or a flattened text")],
    url: Annotated[str, typer.Option(help="where a saved page came from")] = "",
    site: Annotated[str, typer.Option("--site", metavar="NAME", help=_SITE)] = "",
    as_test: Annotated[
        Path | None, typer.Option("--as-test", metavar="DIR", help="instead: write the page there as a test for pytest")
    ] = None,
) -> int:
    """Say of each block of a page whether it is kept or dropped, and why.

    Of a URL the newest capture in the archive is read, with the site memory that its text names; of one that the
    archive does not hold the page is fetched, and not kept.
    """
    from scraper.verbs.explaining import explain_page

    return explain_page(flags, network, what, url=url, site=site, as_test=as_test)


@app.command()
@verb
def add(
    flags: Flags, what: Annotated[list[str], typer.Argument(metavar="URL…|OPML", help="home pages, or an OPML file")]
) -> int:
    """Watch more: home pages, or the feeds of an OPML file."""
    from scraper.verbs import settings

    return settings.add(flags, what)


@app.command()
@verb
def sources(flags: Flags) -> int:
    """List the sources that are watched, with what their last poll brought."""
    from scraper.verbs import reading

    return reading.sources(flags)


@app.command(name="list")
@verb
def list_(
    flags: Flags,
    filters: FilterFlags,
    limit: Annotated[int, typer.Option(min=0, help="lines at most; 0 for all")] = 50,
) -> int:
    """List texts, newest capture first."""
    from scraper.verbs import reading

    return reading.list_texts(flags, filters, limit=limit)


@app.command()
@verb
def export(
    flags: Flags,
    filters: FilterFlags,
    name: Annotated[
        str | None, typer.Option("--format", metavar="FORMAT", help="jsonl, csv, parquet, markdown, cdxj or wacz")
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE|DIR|-", help="its name says the format; - is stdout"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="replace what is there")] = False,
    raw_cells: Annotated[bool, typer.Option("--raw-cells", help="in CSV, no ' before = + - @")] = False,
) -> int:
    """Write texts and captures in other formats, oldest capture first."""
    from scraper.verbs.exporting import export_archive

    return export_archive(flags, filters, name=name, to=to, force=force, raw_cells=raw_cells)


@app.command()
@verb
def show(
    flags: Flags,
    wanted: Annotated[str, typer.Argument(metavar="ID", help="pressmark, 6 of its digits, record id or URL; ID@2")],
    warc: Annotated[bool, typer.Option("--warc", help="write its own records as a WARC file")] = False,
    name: Annotated[str, typer.Option("--format", metavar="FORMAT", help=_FORMATS)] = "text",
    to: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="name of that file; - is stdout")
    ] = None,
) -> int:
    """Print a text."""
    from scraper.verbs import reading

    return reading.show(flags, wanted, name=name, warc=warc, to=to)


@app.command()
@verb
def status(
    flags: Flags, watch: Annotated[bool, typer.Option("--watch", help="again every two seconds")] = False
) -> int:
    """Say how much the archive holds, and what the last day brought."""
    from scraper.verbs import reading

    return reading.status(flags, watch=watch)


@app.command()
@verb
def prove(
    flags: Flags,
    network: NetworkFlags,
    wanted: Annotated[str, typer.Argument(metavar="ID", help="pressmark, 6 of its digits, record id or URL; ID@2")],
    to: Annotated[Path | None, typer.Option("-o", "--output", metavar="FILE", help="name of the zip file")] = None,
    stamp: Annotated[bool, typer.Option("--stamp", help="first ask archive.stamps for time stamps")] = False,
) -> int:
    """Write a proof that anyone can check: the text, its records, their place in the ledger, verify.py."""
    from scraper.verbs.proving import prove_text

    return prove_text(flags, network, wanted, to=to, with_stamps=stamp)


@app.command(name="import")
@verb
def import_(
    flags: Flags, files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="WARC or WACZ, anybody's")]
) -> int:
    """Take WARC and WACZ files that others made into the archive; importing twice changes nothing."""
    from scraper.verbs.importing import import_files

    return import_files(flags, files)


@app.command()
@verb
def verify(
    flags: Flags,
    sample: Annotated[
        str | None, typer.Option("--sample", metavar="SHARE", help="of the WARC files and texts: 5%, or how many files")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="which sample; as many seeds in a row as a share needs take all files")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option("--resume", metavar="FILE", help="note progress there; go on with what it holds")
    ] = None,
    mend: Annotated[
        bool, typer.Option("--repair", help="mend what can be mended; what is replaced goes to quarantine/")
    ] = False,
    second: Annotated[
        Path | None, typer.Option("--from", metavar="DIR", help="with --repair: a second copy of the archive")
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="WARC files read at once, a process each; as many as cores")
    ] = None,
) -> int:
    """Check every byte at rest; exit code 5 when one is not as it was written."""
    from scraper.verbs import upkeep

    if seed is not None and sample is None:
        raise ConfigError("--seed", "says which sample: give --sample with it")
    if mend and (sample or resume):
        raise ConfigError("--repair", "looks at the whole archive in one go: leave out --sample and --resume")
    if mend:
        return upkeep.repair_archive(flags, second=second, jobs=jobs)
    if second:
        raise ConfigError("--from", "is where --repair takes sound files from: give --repair with it")
    return upkeep.verify_archive(flags, upkeep.Looking(sample=sample, seed=seed, resume=resume, jobs=jobs))


@app.command()
@verb
def rebuild(
    flags: Flags,
    filters: FilterFlags,
    reextract: Annotated[
        bool, typer.Option("--reextract", help="instead: read what was kept with today's extractor, show what differs")
    ] = False,
    accept: Annotated[bool, typer.Option("--accept", help="with --reextract: and keep it as it reads today")] = False,
) -> int:
    """Make catalog and texts anew from the WARC files; nothing is deleted."""
    from scraper.verbs import rereading, upkeep

    if reextract:
        return (rereading.take if accept else rereading.propose)(flags, filters)
    if accept or filters != FilterFlags():
        raise ConfigError("rebuild", "a rebuild takes the whole archive: --accept and filters belong to --reextract")
    return upkeep.rebuild_archive(flags)


@app.command()
@verb
def redact(
    flags: Flags,
    wanted: Annotated[str, typer.Argument(metavar="ID", help="as for show; also the record id of any capture")],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="who demanded it, or which law; it stays in the archive")
    ] = "",
    article: Annotated[
        bool, typer.Option("--article", help="all texts and all captures of its article, not that text alone")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="list what would go; change nothing")] = False,
) -> int:
    """Take a text out for good: its records, copies, files and rows. It does not ask, and cannot be undone.

    A text goes with every capture that shows it and every copy in other articles; a tombstone with date and reason
    lies in each place. Its page is not fetched or imported again, nor any text with the same bytes. Not covered: a
    feed or front page that quotes it (each is a capture with a record id of its own, to be redacted by that), the
    URL, exports and backups made before. Nobody may write meanwhile: stop the daemon, or give --wait.
    """
    from scraper.verbs import redacting

    if dry_run:
        return redacting.list_covered(flags, wanted, article=article)
    return redacting.redact_for_good(flags, wanted, article=article, reason=reason)


@app.command()
@verb
def demo(flags: Flags) -> int:
    """Run the whole line against a small newspaper on loopback."""
    from scraper.verbs.demo import demo as run

    return run(flags)


@config_app.command(name="show")
@verb
def config_show(flags: Flags) -> int:
    """Print all settings in force."""
    from scraper.verbs import settings

    return settings.show(flags)


@config_app.command(name="validate")
@verb
def config_validate(flags: Flags) -> int:
    """Check settings and seeds."""
    from scraper.verbs import settings

    return settings.validate(flags)


@config_app.command(name="schema")
@verb
def config_schema(flags: Flags) -> int:
    """Print the JSON Schema of a settings file."""
    from scraper.verbs import settings

    return settings.print_schema(flags)


def main() -> None:
    """The `pressmark` command."""
    guard_stderr()
    with suppress(BrokenPipeError):  # nobody reads the error any more
        try:
            code = app(prog_name="pressmark", standalone_mode=False)
        except (ScraperError, ArchiveError) as error:
            code = Output(json="--json" in sys.argv).fail(error)
        except _UsageError as error:
            code = _misused(error)
        except (KeyboardInterrupt, typer.Abort):
            code = 130
        sys.exit(code or 0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)


def _misused(error: Any) -> int:
    """What was wrong with the words and flags, as text with a hint or as one object; the exit code."""
    if "--json" not in sys.argv:
        error.show()
        return USAGE
    return Output(json=True).fail(
        ConfigError(error.ctx.command_path if error.ctx else "pressmark", error.format_message())
    )
