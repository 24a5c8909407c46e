"""The command line: each verb's words and flags. What a verb does is in scraper.verbs, imported when it is called."""

import sys
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from archive.errors import ArchiveError
from scraper.errors import ScraperError
from scraper.flags import Flags, NetworkFlags, verb
from scraper.output import EXIT_HELP, Output

app = typer.Typer(
    help="Keeps the news as it was: the clean text of every article and the exact response it came from, under hashes.",
    epilog=EXIT_HELP,
    no_args_is_help=True,
    rich_markup_mode=None,  # rich's help takes as long to import as all the rest
    pretty_exceptions_enable=False,
)
config_app = typer.Typer(no_args_is_help=True, help="Show, check or describe the settings.", rich_markup_mode=None)
app.add_typer(config_app, name="config")

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD")]


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
) -> int:
    """Fetch links and keep them; without links, one pass over the sources."""
    from scraper.verbs import fetch as verbs

    return verbs.fetch(flags, urls or [], again=again, keep=not no_keep, network=network)


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
) -> int:
    """Print the article in a file; nothing is stored."""
    from scraper.verbs.cleaning import clean_file

    return clean_file(flags, file, url=url)


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
    site: Annotated[str | None, typer.Option(help="host, or any host under it")] = None,
    author: Annotated[str | None, typer.Option(help="part of a name")] = None,
    language: Annotated[str | None, typer.Option(help="en means en-GB too")] = None,
    kind: Annotated[str | None, typer.Option(help="article, live-blog, …")] = None,
    tag: Annotated[str | None, typer.Option(help="of the sources watched")] = None,
    since: Day = None,
    until: Day = None,
    captured_since: Day = None,
    captured_until: Day = None,
    limit: Annotated[int, typer.Option(min=0, help="lines at most; 0 for all")] = 50,
) -> int:
    """List texts, newest capture first."""
    from scraper.verbs import reading

    days = {"since": since, "until": until, "captured_since": captured_since, "captured_until": captured_until}
    return reading.list_texts(
        flags, limit=limit, tag=tag, site=site, author=author, language=language, kind=kind,
        **{name: day.date() if day else None for name, day in days.items()},
    )  # fmt: skip


@app.command()
@verb
def show(
    flags: Flags,
    wanted: Annotated[str, typer.Argument(metavar="ID", help="pressmark, 6 of its digits, record id or URL; ID@2")],
    warc: Annotated[bool, typer.Option("--warc", help="write its own records as a WARC file")] = False,
    to: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="name of that file; - is stdout")
    ] = None,
) -> int:
    """Print a text."""
    from scraper.verbs import reading

    return reading.show(flags, wanted, warc=warc, to=to)


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
def verify(flags: Flags) -> int:
    """Check every byte at rest; exit code 5 when one is not as it was written."""
    from scraper.verbs import reading

    return reading.verify_archive(flags)


@app.command()
@verb
def rebuild(flags: Flags) -> int:
    """Make catalog and texts anew from the WARC files; nothing is deleted."""
    from scraper.verbs import reading

    return reading.rebuild_archive(flags)


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
    try:
        app(prog_name="pressmark")
    except (ScraperError, ArchiveError) as error:
        sys.exit(Output(json="--json" in sys.argv).fail(error))
    except KeyboardInterrupt:
        sys.exit(130)
