"""The clean text beside trafilatura's: how good it is, what it costs, what each part of it is worth, where it is wrong.

    python bench/clean.py [--only quality,facts,cpu,ablation,worst] [--set fundus-eval,fundus-test,wcxb-dev,trafilatura]
                          [--worst 10] [--rounds 3] [--jobs 2] [--every 1] [--json FILE]

The pages and score.py are those of ../shared beside the project, or of PRESSMARK_PAGES.  Scored is
'\\n\\n'.join(clean(html, url).paragraphs); beside it, in the same run, trafilatura.extract(html, url=url,
include_comments=False).  The pages of fundus-eval are of known sites: each is cleaned with a site learned from the
other pages of its publisher, never from itself.  All other pages are of unknown sites.

How to read it: P, R and F1 are means over pages, in percent, of the words of a text compared with those of the text it
should be; F1~ is the F1 of the page below which a tenth of them lies.  The interval holds the mean difference of F1 in
95 of 100 samples of as many pages (paired bootstrap, seeded); better and worse count pages that differ by a tenth of a
point or more.  Where a set has no whole texts but snippets, "with" is the share found of those that must be there,
"without" of those that must not.  A text is empty where there is none though the page holds an article; of pages whose
text should be empty, as the set has it, nothing is counted but their number.  The last table holds what was measured
against the bars; the exit code is 1 where a "must" of the text or its facts falls short.  Times are for reading.

CPU on known sites is that of clean(html, url, site=learn_site(others)): the facts, the guard, and the whole extraction
of pages that do not fit, as they fall.  The sample is counted as it falls on many pages: one in so many
(scraper.extract.site.SAMPLE), chosen by its URL, goes through both ways, and costs beside what it costs us what it
costs trafilatura; where fewer of a set's pages are chosen, the cost of those that are missing is added to the bar's
figure.  Of all pages and of all but the dearest the smaller figure counts.  Learning a site is not in it: that is done
once a day, and has a line of its own.
"""

import argparse
import gc
import gzip
import importlib.util
import json
import math
import multiprocessing
import os
import random
import re
import resource
import statistics
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property
from io import TextIOWrapper
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path[0] = str(Path(__file__).parents[1])  # not this folder: archive.py in it is no package of ours

import trafilatura

from archive.records import Article, Site
from scraper import clean, learn_site
from scraper.extract import cleaning
from scraper.extract.site import SAMPLE

ROOT = Path(__file__).resolve().parent.parent
KNOWN = ("fundus-eval",)  # sets whose pages are cleaned with a learned site
SETS = (*KNOWN, "fundus-test", "wcxb-dev", "trafilatura")
TABLES = ("quality", "facts", "cpu", "ablation", "worst")
FACTS = ("headline", "date", "authors")
TIMED = 150  # pages of a set, at most, that the clock is held to
RESAMPLED = 2_000
SAMPLED = "template, sampled"
SAME = 0.001  # of F1; pages nearer to each other are neither better nor worse

_STRAIGHT = str.maketrans("‘’‚‛“”„‟«»", '\'\'\'\'""""""')


@dataclass(frozen=True)
class Sample:
    """One page of a data set."""

    folder: Path
    gold: Mapping[str, Any]  # the data set's own line
    tail: bytes = b""  # what its bytes end in, beside those of the data set

    @property
    def id(self) -> str:
        return str(self.gold["id"])

    @property
    def url(self) -> str:
        return self.gold["url"] or "https://example.org/story"  # two pages came without

    @property
    def is_textless(self) -> bool:
        """Whether its text should be empty; a set that has no texts says nothing of it."""
        return self.gold["text"] is not None and not self.gold["text"].strip()

    @cached_property
    def html(self) -> bytes:
        return gzip.decompress((self.folder / self.gold["html"]).read_bytes()) + self.tail


@dataclass(frozen=True, slots=True)
class Way:
    """One way to clean a page."""

    name: str
    learned: int = 0  # pages, at most, that the site is learned from
    off: str | None = None  # the part that is left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What a page came to, one way."""

    text: str | None
    fault: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)  # of FACTS, as they were found
    kind: str | None = None
    rung: str | None = None
    scores: Mapping[str, Any] = field(default_factory=dict)  # of score.py


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A figure and what it must reach."""

    name: str
    measured: float
    must: float | None = None
    aim: float | None = None
    at_most: bool = False  # the bar is a ceiling
    timed: bool = False
    why: str = ""  # what it is made of

    def reaches(self, wanted: float | None) -> bool:
        if wanted is None:
            return True
        return self.measured <= wanted + 1e-9 if self.at_most else self.measured >= wanted - 1e-9

    @property
    def verdict(self) -> str:
        if not self.reaches(self.must):
            return f"short by {abs(self.measured - (self.must or 0)):.2f}"
        if self.reaches(self.aim):
            return "pass, aim reached" if self.aim is not None else "pass"
        return "pass" if self.must is not None else "aim not reached"


YARDSTICK, OURS = Way("trafilatura"), Way("pressmark", learned=99)
Cleanings = Mapping[Way, Sequence[Cleaned]]  # in the order of the pages


def main() -> int:
    """The exit code."""
    said = _said()
    pages = Path(os.environ.get("PRESSMARK_PAGES") or ROOT.parent / "shared" / "pages")
    sets = [name for name in said.set.split(",") if (pages / name / "pages.jsonl").exists()]
    if not sets or not _scorer_of(pages).exists():
        print(f"clean text: skipped; {said.set} and score.py beside their folder are looked for in $PRESSMARK_PAGES")
        return 0
    tables = said.only.split(",")
    assert isinstance(sys.stdout, TextIOWrapper)
    sys.stdout.reconfigure(line_buffering=True)  # it takes minutes, and is watched through a pipe
    print(f"trafilatura {trafilatura.__version__}; {_load()}")
    bars: list[Bar] = []
    measured: dict[str, tuple[list[Sample], Cleanings]] = {}
    if {"quality", "facts", "ablation", "worst"} & set(tables):
        for name in sets:
            samples = read_samples(pages / name)
            shelves = [others(samples, each) for each in samples[:: said.every]]
            samples = samples[:: said.every]
            measured[name] = samples, clean_all(samples, shelves, ways(name, tables), jobs=said.jobs)
    for name, (samples, cleanings) in measured.items():
        if "quality" in tables:
            bars += quality(name, samples, cleanings)
        if "facts" in tables and any(sample.gold["title"] for sample in samples):
            bars += facts(name, samples, cleanings)
        if "worst" in tables and any(sample.gold["text"] for sample in samples):
            worst(name, samples, cleanings, most=said.worst)
    if "ablation" in tables:
        ablation(measured)
    if "cpu" in tables:
        bars += cpu(pages, sets, rounds=said.rounds)
    if said.json:
        said.json.write_text("".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in _lines(measured)))
    return _print_bars(bars)


def _said() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(TABLES), help="these tables, with commas between")
    parser.add_argument("--set", default=",".join(SETS), help="these data sets, with commas between")
    parser.add_argument("--worst", type=int, default=10, help="pages of each set that are shown as the worst")
    parser.add_argument("--rounds", type=int, default=3, help="of the clock, each in a process of its own")
    parser.add_argument("--jobs", type=int, default=2, help="processes that clean; the clock is held to one at a time")
    parser.add_argument("--every", type=int, default=1, help="every so many pages, for a quick look")
    parser.add_argument("--json", type=Path, help="write there what each page came to, a line a page and way")
    return parser.parse_args()


def _load() -> str:
    return f"load average {os.getloadavg()[0]:.1f} (others at work here bend the times)"


# ── pages, cleaned ───────────────────────────────────────────────────────────────────────────────────────────────────


def read_samples(folder: Path) -> list[Sample]:
    """The pages of a data set."""
    with (folder / "pages.jsonl").open(encoding="utf-8", newline="\n") as lines:  # some texts hold other line ends
        return [Sample(folder, json.loads(line)) for line in lines]


def others(samples: Sequence[Sample], sample: Sample) -> list[Sample]:
    """The other pages of its publisher that its site is learned from, beginning with the one that follows it."""
    if sample.folder.name not in KNOWN:
        return []
    shelf = [each for each in samples if each.gold["publisher"] == sample.gold["publisher"]]
    at = shelf.index(sample)
    return [*shelf[at + 1 :], *shelf[:at]]


def ways(name: str, tables: Sequence[str]) -> list[Way]:
    """How the pages of that set must be cleaned to fill these tables."""
    wanted = [YARDSTICK, OURS]
    if name in KNOWN and "quality" in tables:
        wanted += growth()
    if "ablation" in tables:
        wanted += [Way(f"without {part}", learned=OURS.learned, off=part) for part in cleaning.PARTS]
    return wanted


def growth() -> list[Way]:
    """Cleaning with a site learned from none, one, two, … pages."""
    return [Way(f"learned from {number}", learned=number) for number in range(5)]


def clean_all(
    samples: Sequence[Sample], shelves: Sequence[Sequence[Sample]], wanted: Sequence[Way], *, jobs: int
) -> Cleanings:
    """Each page, cleaned in each of these ways; shelves: what the site of each is learned from."""
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as crew:
        came = list(crew.map(_every_way, samples, shelves, [tuple(wanted)] * len(samples)))
    return {way: [each[at] for each in came] for at, way in enumerate(wanted)}


def _every_way(sample: Sample, shelf: Sequence[Sample], wanted: Sequence[Way]) -> list[Cleaned]:
    """The page, cleaned in each of these ways; its site is learned once for each number of pages."""
    sites = {number: _learned(shelf[:number]) for number in {way.learned for way in wanted}}
    score = _scorer(_scorer_of(sample.folder.parent))
    came = [_by_trafilatura(sample) if way == YARDSTICK else _by_us(sample, way, sites[way.learned]) for way in wanted]
    unsaid = {"id": sample.id, "seconds": None, "cpu": None}  # what score.py also asks for
    return [
        replace(each, scores={**score.score(sample.gold, each.text), **unsaid, "error": each.fault}) for each in came
    ]


def _learned(shelf: Sequence[Sample]) -> Site | None:
    """The site of these pages; None of none."""
    return learn_site((each.url, each.html) for each in shelf) if shelf else None


def _by_trafilatura(sample: Sample) -> Cleaned:
    text = trafilatura.extract(sample.html, url=sample.url, include_comments=False)
    told = _timed_by_trafilatura(sample) if sample.gold["title"] else None
    if told is None:
        return Cleaned(text=text)
    authors = tuple((told.author or "").split("; ")) if told.author else ()
    return Cleaned(text=text, facts={"headline": told.title, "date": told.date, "authors": authors})


def _by_us(sample: Sample, way: Way, site: Site | None) -> Cleaned:
    try:
        article = _timed_by_us(sample, site) if way.off is None else _without(way.off, sample, site)
    except Exception as error:  # noqa: BLE001  the table says of which page, and the others are still cleaned
        return Cleaned(text=None, fault=f"{type(error).__name__}: {getattr(error, 'reason', error)}")
    return Cleaned(
        text="\n\n".join(article.paragraphs),
        facts={"headline": article.headline, "date": article.published, "authors": article.authors},
        kind=article.kind,
        rung=_rung(article),
    )


def _timed_by_trafilatura(sample: Sample) -> Any:
    return trafilatura.bare_extraction(sample.html, url=sample.url, include_comments=False, with_metadata=True)


def _timed_by_us(sample: Sample, site: Site | None) -> Article:
    return clean(sample.html, sample.url, site=site)


def _rung(article: Article) -> str:
    """What found the text, with what the template had to say: that it did not fit, or that it was sampled."""
    if "agreement" in article.extractor:
        return SAMPLED
    misfit = " after a misfit" if article.extractor.get("template") == "misfit" else ""
    return article.extractor["rung"] + misfit


def _without(part: str, sample: Sample, site: Site | None) -> Article:
    parts = tuple(each for each in cleaning.PARTS if each != part)
    return cleaning.cleaned(sample.html, sample.url, site=site, parts=parts).article()


def _scorer_of(pages: Path) -> Path:
    return pages.resolve().parent / "score.py"


@cache
def _scorer(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("score", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ── quality ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def quality(name: str, samples: Sequence[Sample], cleanings: Cleanings) -> Iterator[Bar]:
    """Prints how good the texts are; what there are bars for."""
    score = _scorer(_scorer_of(samples[0].folder.parent))
    theirs, ours = (score.summary([each.scores for each in cleanings[way]]) for way in (YARDSTICK, OURS))
    _print_head(name, samples)
    columns = [each for each in _COLUMNS if theirs.get(each[1]) is not None]
    print(f"{'':24}" + "".join(f"{title:>9}" for title, _, _ in columns) + f"{'empty':>8}{'errors':>8}")
    for way, sums in ((YARDSTICK, theirs), (OURS, ours)):
        cells = "".join(f"{sums[key] * 100:9.2f}" for _, key, _ in columns)
        print(f"{way.name:24}{cells}{len(empties(samples, cleanings[way])):8}{sums['errors']:8}")
    points = {key: (ours[key] - theirs[key]) * 100 for _, key, _ in columns}
    print(f"{'difference, in points':24}" + "".join(f"{points[key]:+9.2f}" for _, key, _ in columns))
    lost = empties(samples, cleanings[OURS])
    for sample, fault in lost:
        print(f"    empty: {sample.id}: {fault}: {sample.url}")
    _print_textless(samples, cleanings[OURS])
    if "f1" in points:
        _print_pairs(cleanings)
        _print_growth(score, cleanings)
        yield from _bars_of_text(name, ours, points)
        yield _bar_of_empties(name, [fault for _, fault in lost])
    print()


_COLUMNS = (
    ("P", "p", 1),
    ("R", "r", 1),
    ("F1", "f1", 1),
    ("F1~", "f1_p10", 1),
    ("with", "with", 1),
    ("without", "without", -1),
    ("both", "seg_f1", 1),
)


def _print_head(name: str, samples: Sequence[Sample]) -> None:
    publishers = len({sample.gold["publisher"] for sample in samples})
    known = "each with a site learned from its publisher's others" if name in KNOWN else "sites unknown"
    print(f"== {name}: {len(samples)} pages of {publishers} publishers, {known}")


def empties(samples: Sequence[Sample], cleaned: Sequence[Cleaned]) -> list[tuple[Sample, str]]:
    """The pages with an article of which there is no text, and why."""
    return [
        (sample, each.fault or "no paragraphs")
        for sample, each in zip(samples, cleaned, strict=True)
        if not sample.is_textless and not (each.text or "").strip()
    ]


def _print_textless(samples: Sequence[Sample], cleaned: Sequence[Cleaned]) -> None:
    textless = [each for sample, each in zip(samples, cleaned, strict=True) if sample.is_textless]
    if textless:
        given = sum(bool((each.text or "").strip()) for each in textless)
        print(f"    pages whose text should be empty: {len(textless)}, not counted; {given} of them give one")


def _bar_of_empties(name: str, faults: Sequence[str]) -> Bar:
    why = ", ".join(f"{times} {fault}" for fault, times in Counter(faults).most_common())
    return Bar(name=f"{name}: empty texts", measured=len(faults), must=0, aim=0, at_most=True, why=why)


def _print_pairs(cleanings: Cleanings) -> None:
    """The interval of the difference in F1, and how many pages are better and worse."""
    pairs = zip(cleanings[YARDSTICK], cleanings[OURS], strict=True)
    apart = [ours.scores["f1"] - theirs.scores["f1"] for theirs, ours in pairs if "f1" in ours.scores]
    least, most = (each * 100 for each in interval(apart))
    better, worse = sum(each >= SAME for each in apart), sum(each <= -SAME for each in apart)
    print(f"F1 {statistics.fmean(apart) * 100:+.2f} points, 95 % between {least:+.2f} and {most:+.2f}; ", end="")
    print(f"{better} pages better, {worse} worse, {len(apart) - better - worse} the same")
    if len(apart) > 2:
        rest = statistics.fmean(sorted(apart)[:-2])
        print(f"   {rest * 100:+.2f} points without the two pages that gain most")


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Between what the mean lies in 95 of 100 samples with replacement; the same values give the same answer."""
    chance = random.Random(5)  # noqa: S311  no secret
    means = sorted(statistics.fmean(chance.choices(values, k=len(values))) for _ in range(RESAMPLED))
    return means[RESAMPLED // 40], means[-RESAMPLED // 40]


def _print_growth(score: ModuleType, cleanings: Cleanings) -> None:
    """How the text gets better, the more pages of the site were seen."""
    steps = [way for way in growth() if way in cleanings]
    if not steps:
        return
    sums = [score.summary([each.scores for each in cleanings[way]]) for way in steps]
    print(f"{'site learned from pages':24}" + "".join(f"{way.learned:9}" for way in steps))
    for title, key, _ in _COLUMNS[:4]:
        print(f"{title:24}" + "".join(f"{each[key] * 100:9.2f}" for each in sums))
    shares = [_share((each.rung or "").startswith("template") for each in cleanings[way]) for way in steps]
    print(f"{'by template, %':24}" + "".join(f"{each:9.0f}" for each in shares))


def _share(truths: Iterable[bool]) -> float:
    """In percent; NaN of none."""
    listed = list(truths)
    return 100 * sum(listed) / len(listed) if listed else math.nan


def _bars_of_text(name: str, ours: Mapping[str, Any], points: Mapping[str, float]) -> Iterator[Bar]:
    over, aims = {"fundus-eval": 1.5, "fundus-test": 0.6, "wcxb-dev": 0.0}, {"fundus-eval": 97.7, "fundus-test": 97.0}
    if name in over:
        yield Bar(
            name=f"{name}: F1 over trafilatura's",
            measured=points["f1"],
            must=over[name],
            aim=None if name in aims else 0.5,
        )
    if name in aims:
        yield Bar(name=f"{name}: F1", measured=ours["f1"] * 100, aim=aims[name])
    if name in KNOWN:
        yield Bar(name=f"{name}: F1~ over trafilatura's", measured=points["f1_p10"], must=3.0)
        yield Bar(name=f"{name}: F1~", measured=ours["f1_p10"] * 100, aim=95.0)
    yield Bar(name=f"{name}: R over trafilatura's", measured=points["r"], must=-0.8, aim=0.0)


# ── facts ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def facts(name: str, samples: Sequence[Sample], cleanings: Cleanings) -> Iterator[Bar]:
    """Prints how many headlines, dates and authors are exact; what there are bars for."""
    bars = {"headline": (85, 95), "date": (97, 99), "authors": (84, 95)} if name == "fundus-test" else {}
    print(f"== facts of {name}: % exact, and % of pages where none was found")
    print(f"{'':24}" + "".join(f"{fact:>14}{'none':>7}" for fact in FACTS))
    wanted = {fact: [said(fact, sample.gold[_GOLD[fact]]) for sample in samples] for fact in FACTS}
    for way in (YARDSTICK, OURS):
        row = f"{way.name:24}"
        for fact in FACTS:
            found = [said(fact, each.facts.get(fact)) for each in cleanings[way]]
            pairs = [(right, each) for right, each in zip(wanted[fact], found, strict=True) if right]
            exact = _share(right == each for right, each in pairs)
            row += f"{exact:14.1f}{_share(not each for _, each in pairs):7.1f}"
            if way == OURS and fact in bars:
                yield Bar(name=f"{name}: {fact} exact, %", measured=exact, must=bars[fact][0], aim=bars[fact][1])
        print(row)
    print(f"{'pages that have it':24}" + "".join(f"{sum(map(bool, wanted[fact])):14}{'':7}" for fact in FACTS))
    print("Equal after NFKC, case folding, straight quotes and collapsed white space; the calendar day as printed; the")
    print("same set of names.\n")


_GOLD = {"headline": "title", "date": "date", "authors": "author"}


def said(fact: str, found: Any) -> Any:
    """A fact as it is compared; "" or an empty set where it was not found."""
    if fact == "authors":
        return frozenset(said("author", each) for each in found or ())
    if fact == "date":
        return str(found or "")[:10]
    folded = unicodedata.normalize("NFKC", str(found or "")).casefold().translate(_STRAIGHT)
    return re.sub(r"\s+", " ", folded).strip()


# ── the ten worst ────────────────────────────────────────────────────────────────────────────────────────────────────


def worst(name: str, samples: Sequence[Sample], cleanings: Cleanings, *, most: int) -> None:
    """Prints the pages whose text is furthest from what it should be, with what is in excess and what is missing."""
    told = zip(samples, cleanings[OURS], cleanings[YARDSTICK], strict=True)
    ranked = sorted((each for each in told if "f1" in each[1].scores), key=lambda each: each[1].scores["f1"])
    print(f"== the {most} worst pages of {name}: what is too much (+) and what is missing (-), with its words")
    for sample, ours, theirs in ranked[:most]:
        p, r, f1 = (ours.scores[key] * 100 for key in ("p", "r", "f1"))
        print(f"{sample.id}: F1 {f1:.1f}  P {p:.1f}  R {r:.1f}  (trafilatura {theirs.scores['f1'] * 100:.1f})", end="")
        print(f"  {ours.kind or ours.fault}, by {ours.rung}")
        gold, text = sample.gold["text"], ours.text or ""
        _print_paragraphs("+", strangers(text, gold))
        _print_paragraphs("-", (each for each in strangers(gold, text) if each not in sample.gold["optional"]))
    print()


def _print_paragraphs(sign: str, paragraphs: Iterable[str]) -> None:
    for paragraph in sorted(paragraphs, key=len, reverse=True)[:3]:
        beginning = " ".join(paragraph.split())[:90]
        print(f"    {sign}{len(paragraph.split()):5}  {beginning}{'…' if len(beginning) == 90 else ''}")


def strangers(text: str, other: str) -> list[str]:
    """The paragraphs of a text of which the other holds less than half: of their runs of three words."""
    there = Counter(_runs(other))
    found = []
    for paragraph in filter(None, text.split("\n")):
        runs = Counter(_runs(paragraph))
        shared = runs & there
        there -= shared
        if shared.total() * 2 < runs.total():
            found.append(paragraph)
    return found


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return (tuple(words[at : at + 3]) for at in range(max(1, len(words) - 2)))


# ── ablation ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def ablation(measured: Mapping[str, tuple[Sequence[Sample], Cleanings]]) -> None:
    """Prints what F1 loses where one part after the other is left out."""
    held = {name: cleanings for name, (_, cleanings) in measured.items() if "f1" in cleanings[OURS][0].scores}
    print("== ablation: change of F1 in points when a part is off (pages that get worse/better)")
    print(f"{'part that is off':24}" + "".join(f"{name:>24}" for name in held))
    for part in cleaning.PARTS:
        row = f"{part:24}"
        for cleanings in held.values():
            way = next(way for way in cleanings if way.off == part)
            apart = [
                off.scores["f1"] - on.scores["f1"]
                for off, on in zip(cleanings[way], cleanings[OURS], strict=True)
                if "f1" in on.scores
            ]
            worse, better = sum(each <= -SAME for each in apart), sum(each >= SAME for each in apart)
            row += f"{statistics.fmean(apart) * 100:+14.2f} {f'({worse}/{better})':>9}"
        print(row)
    print("A part that is worth something has a minus here.\n")


# ── CPU ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One round over the pages of a set, each page by both, one after the other."""

    theirs: Sequence[float]  # seconds of the processor, a page
    ours: Sequence[float]
    rungs: Counter[str]

    def less(self, kept: Sequence[int]) -> float:
        """How many times less ours is than theirs, over these pages."""
        return sum(self.theirs[at] for at in kept) / sum(self.ours[at] for at in kept)


def cpu(pages: Path, sets: Sequence[str], *, rounds: int) -> Iterator[Bar]:
    """Prints what a page costs beside trafilatura with metadata; what there are bars for."""
    print(f"== CPU: ms a page, and how many times less pressmark takes; {_load()}")
    print(
        f"{'':24}{'pages':>6}{'trafilatura':>13}{'pressmark':>11}{'all':>8}{'of rounds':>13}{'but one':>9}{'median':>8}"
    )
    for name in sets:
        samples = read_samples(pages / name)
        if samples[0].gold["text"] is None:
            continue
        every = math.ceil(len(samples) / TIMED)
        shelves = [others(samples, each) for each in samples]
        sites, seconds = _in_a_process(learn_all, shelves[::every])
        timed = [_in_a_process(clock, samples[::every], sites) for _ in range(rounds)]
        yield from _print_clock(name, timed)
        if seconds:
            print(f"    learning its site: {seconds * 1000:.1f} ms a page learned from")
    print("Each round in a process of its own, page by page by both in turn, its children counted; trafilatura is")
    print("bare_extraction(html, url=url, include_comments=False, with_metadata=True).  all: of the sums over all")
    print("pages; but one: without the page that cost most; median: of the pages' own ratios.  Medians of rounds.\n")


def _print_clock(name: str, timed: Sequence[Round]) -> Iterator[Bar]:
    pages = len(timed[0].ours)
    every = sorted(range(pages), key=lambda at: timed[0].theirs[at] + timed[0].ours[at])
    whole, but_one = ([each.less(kept) for each in timed] for kept in (every, every[:-1] or every))
    of_pages = statistics.median(each.less([at]) for each in timed for at in every)
    label = f"{name}, {'known' if name in KNOWN else 'unknown'}"
    theirs, ours = (1000 * statistics.median(sum(each) for each in whose) / pages for whose in _columns(timed))
    print(f"{label:24}{pages:6}{theirs:13.2f}{ours:11.2f}{statistics.median(whole):8.2f}", end="")
    print(f"{f'{min(whole):.2f}-{max(whole):.2f}':>13}{statistics.median(but_one):9.2f}{of_pages:8.2f}")
    rungs = timed[0].rungs
    print("    by " + ", ".join(f"{rung} {100 * times / pages:.0f} %" for rung, times in rungs.most_common()))
    less = min(statistics.median(whole), statistics.median(but_one))  # one page shall not decide
    if name in KNOWN:
        unsampled = max(0.0, 1 / SAMPLE - rungs[SAMPLED] / pages)
        less = 1 / (1 / less + unsampled)  # a sampled page also costs about what it costs trafilatura
        print(f"    {less:.2f} where one page in {SAMPLE} is sampled, as among many pages; here {rungs[SAMPLED]} are")
        yield Bar(name=f"{label}: CPU, × less", measured=less, must=4, aim=10, timed=True)
    elif name == "fundus-test":
        yield Bar(name=f"{label}: CPU by trafilatura's", measured=1 / less, must=1.15, aim=1, at_most=True, timed=True)


def _columns(timed: Sequence[Round]) -> tuple[list[Sequence[float]], list[Sequence[float]]]:
    return [each.theirs for each in timed], [each.ours for each in timed]


def _in_a_process(work: Any, *given: Any) -> Any:
    """What the work returns, done in a new process: nothing that an earlier round remembers makes it faster."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as one:
        return one.submit(work, *given).result()


def learn_all(shelves: Sequence[Sequence[Sample]]) -> tuple[list[Site | None], float]:
    """The sites, and the processor seconds a page; the first is learned twice, so that imports do not count."""
    _learned(shelves[0])
    number = sum(len([each.html for each in shelf]) for shelf in shelves)  # read before the clock runs
    began = _seconds()
    sites = [_learned(shelf) for shelf in shelves]
    return sites, (_seconds() - began) / number if number else 0.0


def clock(samples: Sequence[Sample], sites: Sequence[Site | None]) -> Round:
    """One round, after another one without sites that does not count: stop lists and calendars are loaded in it."""
    _clock([replace(sample, tail=b"<!-- not the same bytes -->") for sample in samples], [None] * len(samples))
    _by_rung(samples[0], sites[0])
    gc.collect()
    gc.freeze()  # to look through what stays loaded takes 20 ms, which fell on one page or another, of either
    return _clock(samples, sites)


def _clock(samples: Sequence[Sample], sites: Sequence[Site | None]) -> Round:
    spent: dict[str, list[float]] = {"theirs": [], "ours": []}
    rungs: Counter[str] = Counter()
    for number, (sample, site) in enumerate(zip(samples, sites, strict=True)):
        assert sample.html  # read before the clock runs
        for name in ("theirs", "ours") if number % 2 else ("ours", "theirs"):
            began = _seconds()
            if name == "theirs":
                _timed_by_trafilatura(sample)
            else:
                rungs[_by_rung(sample, site)] += 1
            spent[name].append(_seconds() - began)
    assert not any(file.read_text() for file in Path("/proc/self/task").glob("*/children")), "its time was not counted"
    return Round(theirs=spent["theirs"], ours=spent["ours"], rungs=rungs)


def _by_rung(sample: Sample, site: Site | None) -> str:
    """Cleans the page; the rung of the ladder that found its text."""
    try:
        return _rung(_timed_by_us(sample, site))
    except Exception as error:  # noqa: BLE001  what it cost counts all the same
        return type(error).__name__


def _seconds() -> float:
    """Of the processor, by this process and by its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


# ── the bars ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _print_bars(bars: Sequence[Bar]) -> int:
    """Prints what was measured against what it must be; the exit code."""
    if bars:
        print(f"== bars\n{'':46}{'measured':>10}{'must':>9}{'aim':>9}")
    for bar in bars:
        must, aim = ("-" if each is None else f"{each:g}" for each in (bar.must, bar.aim))
        why = f": {bar.why}" if bar.why else ""
        print(f"{bar.name:46}{bar.measured:10.2f}{must:>9}{aim:>9}  {bar.verdict}{why}")
    return 1 if any(not bar.reaches(bar.must) for bar in bars if not bar.timed) else 0


def _lines(measured: Mapping[str, tuple[Sequence[Sample], Cleanings]]) -> Iterator[Mapping[str, Any]]:
    """What each page came to, each way, with what the data set says of it."""
    for name, (samples, cleanings) in measured.items():
        for way, cleaned in cleanings.items():
            for sample, each in zip(samples, cleaned, strict=True):
                gold = {fact: sample.gold[_GOLD[fact]] for fact in FACTS}
                yield {"set": name, "id": sample.id, "url": sample.url, "way": way.name, "gold": gold, **asdict(each)}


if __name__ == "__main__":
    sys.exit(main())
