"""What `verify` says: one thing that is not as it was written, what is lost by it, and the command that mends it."""

from dataclasses import dataclass

from archive.records import Capture, Revision

REBUILD = "the WARC files hold what is needed: `pressmark rebuild` makes catalog and texts anew"
SECOND_COPY = (
    "bring the file back from a second copy of the archive: `pressmark verify --repair --from DIR`, DIR that copy"
)
REPAIR = "the WARC file holds what is needed: `pressmark verify --repair` makes it anew"
ASIDE = "`pressmark verify --repair` moves it to quarantine/"
UNSTEADY = (
    "cable, disk or memory may be failing: look at `smartctl -a`, test the memory, then run `pressmark verify` again"
)
WRITTEN_SO = (
    "it was written so, a second copy says the same; please report it with the output of `pressmark verify --json`"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One thing that is not as it was written."""

    file: str  # path from the archive's folder
    offset: int | None = None  # bytes from its start, where that says something
    url: str | None = None  # what is lost or in doubt
    kind: str  # one word for programs: the name of the check that found it
    what: str
    lost: str = "nothing that cannot be made anew"
    mend: str  # what to do


@dataclass(slots=True)
class Counts:
    """What was looked at."""

    warcs: int = 0
    records: int = 0
    rows: int = 0
    texts: int = 0
    redacted: int = 0  # tombstones, each in the place of a capture or a text

    def add(self, other: "Counts") -> None:
        """What was looked at besides."""
        self.warcs += other.warcs
        self.records += other.records
        self.rows += other.rows
        self.texts += other.texts
        self.redacted += other.redacted


# What is lost with a record of that type.
LOST = {
    "response": "the answer as it was received",
    "revisit": "that the same answer came again; the answer itself lies in another record",
    "request": "what was asked; the answer is there",
    "metadata": "how the fetch went; the answer is there",
    "conversion": "the text's record: its facts and the revision",
    "resource": "visits, rulings or a site's memory",
    "warcinfo": "who wrote the file; its records are there",
}
UNKNOWN_LOSS = "a record that no row of the catalog names: a request, how a fetch went, or visits"


def url_of(row: Capture | Revision) -> str:
    """What a row of the catalog is about."""
    return row.url if isinstance(row, Capture) else row.article


def lost_with(row: Capture | Revision) -> str:
    """What is lost when the row's record is not there."""
    if isinstance(row, Revision):
        return LOST["conversion"]
    return LOST["revisit" if row.revisit_of else "response"]
