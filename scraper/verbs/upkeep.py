"""`pressmark verify`, `rebuild`: whether the archive is as it was written, and making anew what can be."""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archive import Archive
from archive.errors import Copied
from archive.rebuild import provisional, rebuild
from archive.verify import (
    SECOND_COPY,
    Counts,
    Damage,
    Progress,
    Sample,
    open_to_verify,
    read_sample,
    verify,
    verify_copy,
)
from archive.verify.repair import Left, repair, repairing
from scraper.config import Config
from scraper.edge import waiting
from scraper.errors import ConfigError
from scraper.flags import Flags
from scraper.output import DAMAGE, DONE, Output, counted, safe
from scraper.verbs.fetch import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """How `verify` was asked to look."""

    sample: str | None = None  # "5%" or "12"
    seed: int | None = None
    resume: Path | None = None
    jobs: int | None = None  # processes at once; None: one a core


def verify_archive(flags: Flags, looking: Looking) -> int:
    """Every damage that is found, with what is lost and what mends it; 5 when there is any."""
    config, output, counts = settings(flags), flags.output, Counts()
    progress = Progress(looking.resume) if looking.resume else None
    sample = _sample(looking, progress)
    if progress and progress.about:
        _same(config, sample, progress)
    if sample:
        output.say(f"sample of {sample}, seed {sample.seed}: --seed {sample.seed} takes the same one again")
    try:
        with open_to_verify(config.archive.dir, catalog=config.archive.catalog) as (archive, first):
            if progress:
                progress.begin(_about(config, sample))
            looked = verify(archive, counts, sample=sample, progress=progress, jobs=looking.jobs)
            damaged = _tell(output, first) + _tell(output, looked)
    except Copied as copied:
        return _verify_copy(config, output, copied, jobs=looking.jobs)
    _sum_up(output, counts, damaged, sample)
    return DAMAGE if damaged else DONE


def _verify_copy(config: Config, output: Output, copied: Copied, *, jobs: int | None) -> int:
    """The whole of a copy that was taken while somebody wrote, against its WARC files alone; and how far it goes."""
    counts, waiting = Counts(), list[Damage]()
    output.say(str(copied))
    with provisional(config.archive.dir) as (archive, _):
        with archive.reading() as reading:
            newest = reading.last_captured_at()
        damaged = _tell(output, verify_copy(archive, counts, waiting, jobs=jobs))
    goes = f"{newest:%Y-%m-%dT%H:%M:%SZ}" if newest else None
    for each in waiting:
        output.detail(f"{each.file}: {each.what}")
    unmade = sum(1 for each in waiting if each.kind == "text_file")
    output.object({**asdict(counts), "damages": damaged, "copy": True, "goes_to": goes, "unmade_texts": unmade})
    found = f"{damaged} damaged" if damaged else "all as they were written"
    output.line(f"{_looked(counts)}: {found}; a copy that goes to {goes or 'no capture'}")
    if unmade:
        output.line(f"{unmade} texts stand in the WARC files alone; `pressmark rebuild` writes them")
    return DAMAGE if damaged else DONE


def repair_archive(flags: Flags, *, second: Path | None, jobs: int | None) -> int:
    """Every damage, what was done about it, and what is left; 5 when any is.

    Waits --wait seconds for writers to end.
    """
    config, output, counts = settings(flags), flags.output, Counts()
    if second and not (second / "FORMAT").is_file():
        raise ConfigError(str(second), "is no second copy of an archive: it has no FORMAT file; mend --from")
    with _alone(config, seconds=flags.patience) as archive:
        damages = list(verify(archive, counts, jobs=jobs))
        _tell(output, damages)
        mended = 0
        for each in repair(archive, damages, second=second, now=datetime.now(UTC)):
            if isinstance(each, Left):
                output.object({"not_mended": asdict(each)})
                output.line(f"not mended {each.file}: {safe(each.why)}")
                continue
            mended += 1
            output.object({"mended": asdict(each)})
            output.line(f"mended {each.file}: {each.what}")
        left = list(verify(archive, Counts(), jobs=jobs)) if damages else []
    if left:
        output.line(f"left: {counted(len(left), 'damage')}")
        _tell(output, left)
    output.object({**asdict(counts), "damages": len(damages), "mended": mended, "left": len(left)})
    looked = _looked(counts)
    output.line(f"{looked}: {len(damages)} damaged, {mended} mended, {len(left)} left")
    return DAMAGE if left else DONE


@contextmanager
def _alone(config: Config, *, seconds: float) -> Iterator[Archive]:
    where = config.archive
    with ExitStack() as held:
        yield waiting(lambda: held.enter_context(repairing(where.dir, catalog=where.catalog)), seconds=seconds)


def rebuild_archive(flags: Flags) -> int:
    """The catalog, and the texts that are missing or changed, made anew; waits --wait seconds for writers to end."""
    config, output = settings(flags), flags.output
    where = config.archive
    made = waiting(lambda: rebuild(where.dir, catalog=where.catalog), seconds=flags.patience)
    for damage in made.damages:
        output.line(f"{damage.subject} @{damage.offset}: {safe(damage.message)}")
        output.say(f"    {SECOND_COPY}, then rebuild again")
    for warc, size in made.lost.items():
        output.line(f"{warc}: {size} bytes of it are gone that the old catalog or its manifest knew")
        output.say(f"    {SECOND_COPY}, then rebuild again")
    output.object({
        "warcs": made.warcs, "groups": made.groups, "texts": made.texts, "aside": made.aside,
        "damages": len(made.damages), "lost": made.lost,
    })  # fmt: skip
    read = f"{counted(made.warcs, 'WARC file')}, {made.groups} groups of records read"
    output.line(f"{read}; {counted(made.texts, 'text file')} written anew")
    if made.aside:
        output.line(f"{made.aside} files of texts that were copied without their records are in quarantine/ now")
    return DAMAGE if made.damages or made.lost else DONE


def _sample(looking: Looking, progress: Progress | None) -> Sample | None:
    """The sample asked for; of a run that goes on, with the seed that it had."""
    if looking.sample is None:
        return None
    before = progress.about.get("seed") if progress else None
    seed = next(each for each in (looking.seed, before, secrets.randbelow(1_000_000)) if each is not None)
    try:
        return read_sample(looking.sample, seed=seed)
    except ValueError as error:
        raise ConfigError("--sample", str(error)) from error


def _about(config: Config, sample: Sample | None) -> dict[str, Any]:
    archive = str(config.archive.dir.resolve())
    return {"archive": archive, "sample": str(sample) if sample else None, "seed": sample.seed if sample else None}


def _same(config: Config, sample: Sample | None, progress: Progress) -> None:
    """Raises ConfigError when the run that would go on was about something else."""
    was = {name: progress.about.get(name) for name in ("archive", "sample", "seed")}
    if was != _about(config, sample):
        told = f"{was['archive']}" + (f", --sample {was['sample']} --seed {was['seed']}" if was["sample"] else "")
        why = f"holds an interrupted run over {told}; give the same flags to go on with it, or name another file"
        raise ConfigError(str(progress.path), why)


def _tell(output: Output, damages: Iterable[Damage]) -> int:
    """Say each damage; how many."""
    count = 0
    for damage in damages:
        count += 1
        output.object({"damage": asdict(damage)})
        where = f"{damage.file}" + (f" @{damage.offset}" if damage.offset is not None else "")
        output.line(f"{safe(where)}: {safe(damage.what)}" + (f" ({safe(damage.url)})" if damage.url else ""))
        output.line(f"    lost: {safe(damage.lost)}")
        output.line(f"    to do: {damage.mend}")
    return count


def _looked(counts: Counts) -> str:
    looked = {"WARC file": counts.warcs, "record": counts.records, "row": counts.rows, "text": counts.texts}
    said = ", ".join(counted(count, thing) for thing, count in looked.items())
    return f"{said}, {counts.redacted} redacted" if counts.redacted else said


def _sum_up(output: Output, counts: Counts, damaged: int, sample: Sample | None) -> None:
    taken = {"share": str(sample), "seed": sample.seed} if sample else None
    output.object({**asdict(counts), "damages": damaged, "sample": taken})
    found = f"{damaged} damaged" if damaged else "all as they were written"
    part = f"; a sample of {sample}, seed {sample.seed}" if sample else ""
    output.line(f"{_looked(counts)}: {found}{part}")
