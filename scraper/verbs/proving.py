"""`pressmark prove`: a text with its records, their place in the ledger, and a program that checks all of it."""

from datetime import date, timedelta
from pathlib import Path

from archive import Archive, ledger
from archive.finding import find
from archive.proof import Proof, prove
from archive.records import Revision
from scraper.config import Config
from scraper.edge import authorities, network_settings, reader, run
from scraper.errors import ConfigError
from scraper.flags import Flags, NetworkFlags
from scraper.network import Network
from scraper.output import DONE, FAILED, Output
from scraper.stamping import stamped_once
from scraper.urls import key
from scraper.verbs.fetch import settings


def prove_text(flags: Flags, network: NetworkFlags, wanted: str, *, to: Path | None, with_stamps: bool) -> int:
    """The proof of the text that an ID means, as a zip file; 1 when a time stamp that was asked for did not come.

    to: its name, the text's own with .proof.zip when there is none. with_stamps: first ask the authorities that the
    settings name to stamp the newest entry of the ledger.
    """
    config, output = settings(flags, network), flags.output
    with reader(config) as archive, archive.reading() as reading:
        revision = find(reading, wanted, key=key)
        code = _stamp(config, output, archive) if with_stamps else DONE
        made = prove(archive, revision)
        path = to or Path(f"{revision.pressmark}.proof.zip")
        _write(made, path)
    output.object(_told(made, revision, path))
    output.line(str(path))
    _say_what_is_shown(made, output)
    return code


def _write(made: Proof, path: Path) -> None:
    try:
        with path.open("xb") as file:
            made.write(file)
    except OSError as error:
        raise ConfigError(str(path), f"cannot be written ({error.strerror}); name another file with -o") from error


def _stamp(config: Config, output: Output, archive: Archive) -> int:
    asked_of = authorities(config)
    if not asked_of:
        where = config.where("archive", "stamps")
        raise ConfigError(where, "nobody is named to ask for a time stamp: set archive.stamps, or leave --stamp out")
    if ledger.newest(archive.root) is None:
        output.say("no day is sealed yet, so there is nothing to stamp")
        return DONE
    asked = run(stamped_once(Network(network_settings(config)), archive.root, asked_of))
    for path in asked.made:
        output.say(f"stamped: {path}")
    for failure in asked.failed:
        output.say(f"not stamped: {failure}")
    return FAILED if asked.failed else DONE


def _told(made: Proof, revision: Revision, path: Path) -> dict[str, object]:
    return {
        "pressmark": revision.pressmark,
        "file": str(path),
        "bytes": path.stat().st_size,
        "sealed": not made.unsealed,
        "days": [str(day) for day in made.days],
        "unsealed": list(made.unsealed),
        "stamps": list(made.stamps),
    }


def _say_what_is_shown(made: Proof, output: Output) -> None:
    if made.unsealed:
        last = max(ledger.day_of(warc) or date.min for warc in made.unsealed)
        output.say(
            f"not sealed yet, so it shows nothing about time: the ledger's entry of {last} is made by the first "
            f"writing command, or the daemon, from {last + timedelta(days=1)} 00:00 UTC on; prove it again then"
        )
        return
    days = ", ".join(map(str, made.days))
    count = len(made.stamps_of_all)
    stamped = f"{count} time stamps" if count else "no time stamp of all of it; keep a root where others see it"
    output.say(f"in the ledger of {days}, tamper-evident since somebody else first saw a root; {stamped}")
    output.say("whoever gets it reads verify.py in it and runs that: python3 verify.py")
