"""`pressmark export`: the archive, or what meets the filters, in the formats of others."""

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from archive import Archive
from archive.export import FORMATS, Format, export, format_of, sheet
from archive.finding import Conditions
from scraper.edge import reader
from scraper.errors import ConfigError
from scraper.flags import FilterFlags, Flags
from scraper.output import DONE, Output, counted, safe, stdout_bytes
from scraper.verbs.fetch import settings
from scraper.verbs.filters import conditions

_STDOUT = Path("-")


def export_archive(
    flags: Flags, filters: FilterFlags, *, name: str | None, to: Path | None, force: bool, raw_cells: bool
) -> int:
    """Write the texts that meet the filters to a file, a folder or stdout."""
    config, output = settings(flags), flags.output
    chosen = _format(name, to, raw_cells=raw_cells)
    if to and to != _STDOUT:
        _check_target(to, chosen, force=force)
    wanted = conditions(config, filters)
    with reader(config) as archive:
        if to is None or to == _STDOUT:
            return _to_stdout(archive, chosen, wanted, output)
        count = export(archive, to, conditions=wanted, as_format=chosen, replace=force)
    size = to.stat().st_size if to.is_file() else None
    output.object({"format": chosen.name, "file": str(to), chosen.counts: count, "bytes": size})
    output.line(f"{to}: {_counted(count, chosen)}" + (f", {size / 1e6:.1f} MB" if size is not None else ""))
    return DONE


def _to_stdout(archive: Archive, chosen: Format, wanted: Conditions, output: Output) -> int:
    if not chosen.has_lines:
        raise ConfigError("export", f"{chosen.name} does not go to stdout; name a file or folder with -o")
    if output.json and chosen.name != "jsonl":
        raise ConfigError("export", f"--json and {chosen.name} cannot share stdout; name a file with -o")
    count = chosen.write(archive, wanted, stdout_bytes())
    sys.stdout.flush()
    output.say(_counted(count, chosen) if count else "nothing in this archive meets these filters")
    return DONE


def _counted(count: int, chosen: Format) -> str:
    return counted(count, chosen.counts.removesuffix("s"))


def _format(name: str | None, to: Path | None, *, raw_cells: bool) -> Format:
    """What --format says, else the name of the file, else JSON lines."""
    if name and name not in FORMATS:
        raise ConfigError("--format", f"{safe(name)} is none of {', '.join(FORMATS)}")
    chosen = FORMATS[name or "jsonl"] if name or to is None or to == _STDOUT else format_of(to)
    if chosen is None:
        raise ConfigError(str(to), f"its name says no format; give --format {'|'.join(FORMATS)}")
    if not raw_cells:
        return chosen
    if chosen.name != "csv":
        raise ConfigError("--raw-cells", f"is for csv, and this is {chosen.name}")
    return replace(chosen, write=partial(sheet.write, cell=str))


def _check_target(to: Path, chosen: Format, *, force: bool) -> None:
    if not to.absolute().parent.is_dir():
        raise ConfigError(str(to), "the folder it should lie in is not there; make it first")
    if to.exists() and to.is_dir() != chosen.is_folder:
        raise ConfigError(str(to), f"is {'a folder' if to.is_dir() else 'a file'}, and {chosen.name} cannot be that")
    taken = any(to.iterdir()) if to.is_dir() else to.exists()
    if taken and not force:
        raise ConfigError(str(to), "is there already and is left as it is; name another, or replace it with --force")
