"""The documents say what is so: each command in README is run, each output compared, each name looked up."""

import doctest
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import pytest
import typer.main
import yaml

from archive.records import Outcome
from scraper import clean, learn_site, output
from scraper.cli import app
from scraper.config import read_config, watched
from scraper.demo import ARTICLES, Asked, Press, Story, respond
from scraper.extract.boilerplate import RUNGS
from scraper.settings import Config

HOUSE = Path(__file__).parents[1]
DOCUMENTS = [
    HOUSE / name
    for name in (
        "README.md",
        "CHANGELOG.md",
        "archive/FORMAT.md",
        "docs/design.md",
        "docs/export.md",
        "seeds/README.md",
        "config.yaml",
    )
]
README = DOCUMENTS[0].read_text()
CUT = "…"

# What changes from run to run, and what stands for it on both sides of a comparison.
CHANGES = [
    (re.compile(r"\d{4}/\d\d/\d\d"), "DAY"),
    (re.compile(r"pressmark-\d{17}-\d{5}"), "WARC"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d"), "TIME"),
    (re.compile(r"redacted on \d{4}-\d\d-\d\d"), "redacted on DATE"),
    (re.compile(r" @\d+"), " @OFFSET"),
    (re.compile(r"\d+ (WARC files|groups|records|rows|texts|polls|captures)"), r"N \1"),
    # Which of two texts comes first at a site depends on which of its sources answers first.
    (re.compile(r"\b\d{3}_([0-9a-f]{16})\b"), r"NNN_\1"),
]


@dataclass(frozen=True, slots=True)
class Step:
    """A command of a console block, and what the page prints below it; or a new edition of the newspaper."""

    command: str
    printed: str = ""
    edition: int = 0


def fenced(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)


def steps() -> list[Step]:
    found = []
    for marked, block in re.findall(
        r"^<!-- edition (\d) -->$|^```console\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL
    ):
        if marked:
            found.append(Step(f"edition {marked}", edition=int(marked)))
        for each in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = each.partition("\n")
            found.append(Step(command, printed))
    return found


STEPS = steps()


def recipe(command: str) -> tuple[str, Path | None]:
    """What `make TARGET` runs when all is installed, and where; any other command as it is."""
    if not command.startswith("make "):
        return command, None
    made = re.search(
        rf"^{command.removeprefix('make ')}:.*\n\t@\$\(BIN\)/(.*)$", (HOUSE / "Makefile").read_text(), re.M
    )
    assert made, f"{command} runs nothing of ours"
    return made[1], HOUSE if "config.yaml" in made[1] else None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which the page's own config.yaml lies, beside a running newspaper."""
    made = tmp_path_factory.mktemp("reader")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("HOME", str(made))
        patched.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        patched.delenv("NO_COLOR", raising=False)
        yield made


@pytest.fixture(scope="module")
def outputs(folder: Path) -> dict[int, str]:
    """What each step prints, on a terminal: both streams together."""
    told, code = {}, 0
    with Press() as press:
        said = yaml.safe_load(fenced("yaml")[0])
        said["network"] = {"connect_to": press.pins}
        said["politeness"] = {"delay": 0}
        said["sources"]["max_age"] = None  # the newspaper's dates never move
        (folder / "config.yaml").write_text(yaml.safe_dump(said, allow_unicode=True))
        for number, step in enumerate(STEPS):
            if step.edition:
                press.edition = step.edition
                continue
            command, where = recipe(step.command)
            ran = subprocess.run(
                ["bash", "-c", f"(exit {code}); {command}"],
                cwd=where or folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            )  # fmt: skip
            told[number], code = ran.stdout, ran.returncode
    return told


def lasting(text: str) -> str:
    for changing, stands in CHANGES:
        text = changing.sub(stands, text)
    return text


def pattern(printed: str) -> re.Pattern[str]:
    """What a block promises: a line that is only … stands for any lines, … at a line's end for the rest of it."""
    wanted = ""
    for line in lasting(printed).splitlines():
        if line == CUT:
            wanted += r"(?:.*\n)*?"
        elif line.endswith(CUT):
            wanted += re.escape(line.removesuffix(CUT)) + r".*\n"
        else:
            wanted += re.escape(line) + r"\n"
    return re.compile(wanted)


each_step = pytest.mark.parametrize(
    "number",
    [n for n, step in enumerate(STEPS) if step.command and not step.edition],
    ids=lambda n: STEPS[n].command[:60],
)


@each_step
def test_a_command_in_the_readme_prints_what_stands_below_it(number, outputs):
    assert pattern(STEPS[number].printed).fullmatch(lasting(outputs[number])), outputs[number]


def test_python_in_the_readme_does_what_stands_below_it(folder, outputs, monkeypatch):
    monkeypatch.chdir(folder)
    told: list[str] = []
    for number, block in enumerate(fenced("python")):
        example = doctest.DocTestParser().get_doctest(block, {}, f"README block {number}", "README.md", 0)
        assert example.examples
        doctest.DocTestRunner().run(example, out=told.append)
    assert told == []


def test_settings_in_the_readme_are_sound(tmp_path):
    for block in fenced("yaml"):
        path = tmp_path / "config.yaml"
        path.write_text(block)
        config = read_config(path)
        assert config.contact
        assert watched(config)


def test_the_reader_in_format_md_reads_what_a_real_pass_kept(folder, outputs):
    page = (HOUSE / "archive" / "FORMAT.md").read_text()
    printed: dict[str, object] = {}
    exec(page.split("```python\n")[1].split("```")[0], printed)  # noqa: S102  the page's own program is what is tested
    read = printed["records"]
    assert callable(read)
    known = set(re.findall(r"^\| `([\w-]+)` \|", page, flags=re.MULTILINE))
    said: set[str] = set()
    for path in (folder / "pressmark-archive" / "warc").rglob("*.warc.gz"):
        for _, _, fields, block in read(path):
            if fields["WARC-Type"] == "metadata":
                said |= {line.partition(": ")[0] for line in block.decode().split("\r\n") if line}
    assert {"status", "payload-sha256"} <= said <= known


def named(heading: str, mark: str = "") -> set[str]:
    """The names in the first column of the table under a heading of FORMAT.md; mark: what its second begins with."""
    page = (HOUSE / "archive" / "FORMAT.md").read_text()
    under = page.split(f"\n#### {heading}\n")[1].split("\n#")[0]
    return set(re.findall(rf"^\| `([\w-]+)` \| {mark}", under, flags=re.MULTILINE))


def test_format_md_names_all_that_a_text_says_of_its_extractor_and_of_the_origins_of_its_facts():
    stories = [story for story in ARTICLES if story.host == "caspian-ledger.example"]
    known = learn_site((story.url, page_of(story)) for story in stories)
    sampled = replace(known, memory={**known.memory, "sample": 1})
    found = [clean(page_of(story), story.url, site=site) for story in stories for site in (None, sampled)]
    said = [set(article.extractor) for article in found]
    assert set.intersection(*said) == named("Extractor", "yes")
    assert {"template", "agreement"} <= set.union(*said) <= named("Extractor")
    assert {origin for article in found for origin in article.origins.values()} <= named("Origins")
    assert named("Rungs") == {"live", "template", *RUNGS}


def page_of(story: Story) -> bytes:
    """The page that the newspaper prints of a story."""
    address = urlsplit(story.url)
    return respond(Asked(host=address.netloc, path=address.path, query=address.query), 1, 1).body


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────

GROUP = typer.main.get_command(app)


def verbs(group: Any, above: str = "") -> dict[str, Any]:
    """Each verb by its words: "fetch", "config show", …"""
    found: dict[str, Any] = {}
    for name, command in getattr(group, "commands", {}).items():
        inner = verbs(command, f"{above}{name} ")
        found |= inner or {f"{above}{name}": command}
    return found


VERBS = verbs(GROUP)
FLAGS = {
    flag
    for command in (GROUP, *VERBS.values())
    for parameter in command.params
    if parameter.param_type_name == "option"
    for flag in parameter.opts
} | {"--help"}  # fmt: skip

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


@each_document
def test_a_document_names_no_verb_that_is_not_there(document):
    named = re.findall(r"`pressmark ([a-z]+)|^\$ pressmark ([a-z]+)", document.read_text(), flags=re.MULTILINE)
    assert {first or second for first, second in named} <= {verb.split()[0] for verb in VERBS}


@pytest.mark.parametrize("verb", VERBS)
def test_the_readme_names_every_verb(verb):
    assert re.search(rf"(?:pressmark |`){verb}\b", README)


# Commands of others that a document shows whole, with flags of theirs.
STRANGERS = re.compile(r"`(?:rsync|pip|openssl|ots|sha256sum|gzip) [^`]*`")


@each_document
def test_a_document_names_no_flag_that_is_not_there(document):
    ours = STRANGERS.sub("", document.read_text())
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", ours)) <= FLAGS


@pytest.mark.parametrize("flag", sorted(FLAGS))
def test_the_readme_names_every_flag(flag):
    assert re.search(rf"(?<![\w-]){flag}\b", README)


@each_document
def test_a_document_names_no_setting_that_is_not_there(document):
    sections = {field.alias or name: field.annotation for name, field in Config.model_fields.items()}
    for section, name in re.findall(r"`([a-z]+)\.([a-z_]+)`", document.read_text()):
        if section in sections:
            fields = getattr(sections[section], "model_fields", {})
            assert name in {field.alias or each for each, field in fields.items()}, f"{section}.{name}"


@pytest.mark.parametrize("section", Config.model_fields)
def test_the_readme_names_every_section_of_the_settings(section):
    assert f"`{section}`" in README


def test_the_readme_names_every_exit_code():
    named = [int(code) for code in re.findall(r"^\| (\d+) \|", README, flags=re.MULTILINE)]
    last = output.POLICY
    assert named == [*range(last + 1), 130, 143]


def test_the_readme_names_every_outcome():
    assert re.findall(r"^\| `([a-z][a-z-]+)` \|", README, flags=re.MULTILINE) == list(get_args(Outcome))


def test_the_readme_says_why_each_library_is_there():
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text())["project"]
    extras = [
        each for name in ("postgres", "fast", "parquet", "stamps") for each in project["optional-dependencies"][name]
    ]
    table = README.split("## What it is built on")[1]
    for wanted in (*project["dependencies"], *extras):
        name = re.split(r"[^\w-]", wanted)[0]
        assert re.search(rf"\b{re.escape(name)}\b", table), name


@each_document
def test_a_link_in_a_document_leads_to_a_file(document):
    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_the_design_names_every_room_of_the_house():
    page = (HOUSE / "docs" / "design.md").read_text()
    folders = ("archive", "archive/export", "archive/verify", "scraper", "scraper/extract")
    for path in [each for folder in folders for each in HOUSE.glob(f"{folder}/*.py")]:
        if path.stem not in ("__init__", "__main__"):
            assert re.search(rf"`{path.stem}(?:\.py)?`", page), path
