"""Each way in which an archive can be damaged is named, with its file and its place; and each check is needed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import archive.verify
from archive.errors import ArchiveError
from archive.verify import files, grammar, open_to_verify, rows, seen, texts, verify
from archive.verify.damage import Counts, Damage
from tests.archive.damaged import CASES, Case, build, redacted


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return build(tmp_path / "a")


def told(root: Path) -> list[Damage]:
    with open_to_verify(root) as (reader, first):
        return [*first, *verify(reader, Counts())]


def test_an_archive_from_which_a_text_was_taken_out_is_sound(root):
    redacted(root)
    assert told(root) == []


each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def test_the_archive_that_is_damaged_here_was_sound(root):
    assert told(root) == []


@each_case
def test_a_damage_is_named_with_its_file_and_its_place(root, case: Case):
    file, offset = case.damage(root)
    damages = told(root)
    mine = [damage for damage in damages if damage.kind == case.kind]
    assert mine, damages
    assert file in {damage.file for damage in mine}
    assert offset is None or (file, offset) in {(damage.file, damage.offset) for damage in mine}
    assert all(damage.what and damage.lost and damage.mend for damage in damages)


def nothing(*_: Any, **__: Any) -> Iterator[Any]:
    yield from ()


# Where each kind of damage is found, when it is not a check of `grammar`.
FOUND_BY: dict[str, tuple[Any, str]] = {
    "member": (files._Pass, "_gaps"),
    "zeros": (files._Pass, "_gaps"),
    "size": (files._Pass, "_whole"),
    "manifest": (files._Pass, "_against_manifest"),
    "file_digest": (files._Pass, "_against_manifest"),
    "missing_file": (files._Pass, "damages"),
    "file_name": (files._Pass, "_in_file"),
    "warcinfo": (files._Pass, "_in_file"),
    "group": (files._Pass, "_grouped"),
    "facts": (files._Pass, "_conversion"),
    "lines": (files._Pass, "_resource"),
    "row": (files._Pass, "_row_damage"),
    "row_place": (files._Pass, "_row_differences"),
    "unlisted": (files._Pass, "_rows_left"),
    "no_record": (files._Pass, "_rows_left"),
    "record_twice": (seen, "_joined"),
    "reference": (seen, "_unfit"),
    "revisit_target": (seen, "_unfit"),
    "row_of_nothing": (rows, "records_named"),
    "row_of_no_file": (rows, "rows_of_no_file"),
    "text_row": (rows, "texts_unlike_revisions"),
    "alias": (rows, "aliases_of_no_visit"),
    "unknown_file": (archive.verify, "_unknown_files"),
    "text_file": (texts, "_text_wrong"),
    "sidecar": (texts, "_sidecar_wrong"),
    "stranger": (archive.verify, "strangers"),
    "orphan": (texts, "_is_what_it_is_called"),
    "tombstone": (files._Pass, "_tombstone"),
    "ledger": (archive.verify, "_ledger"),
    "database": (rows, "quick_check"),
}
NO_ITERATORS: dict[str, Any] = {
    "_text_wrong": lambda *_: None,
    "_sidecar_wrong": lambda *_: None,
    "quick_check": lambda *_: [],
    "_is_what_it_is_called": lambda *_: False,
}


def take_out(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the check out that finds this kind of damage."""
    for name in ("CHECKS", "GROUP_CHECKS"):
        checks = getattr(grammar, name)
        if kind in {check.__name__ for check in checks}:
            monkeypatch.setattr(grammar, name, tuple(check for check in checks if check.__name__ != kind))
            return
    where, name = FOUND_BY[kind]
    if kind == "row":
        monkeypatch.setattr(files, "_unlike", lambda *_: None)
        monkeypatch.setattr(files, "_differing", lambda *_: [])
        monkeypatch.setattr(files._Pass, "_aliases", nothing)
        return
    monkeypatch.setattr(where, name, NO_ITERATORS.get(name, nothing))


@each_case
def test_without_its_check_a_damage_would_not_be_named_so(root, case: Case, monkeypatch):
    file, _ = case.damage(root)
    take_out(case.kind, monkeypatch)
    try:
        damages = told(root)
    except ArchiveError:
        return  # what lies behind the check does not bear the damage
    assert (file, case.kind) not in {(damage.file, damage.kind) for damage in damages}


def test_every_check_has_a_damage_that_needs_it():
    checks: set[str] = {check.__name__ for check in (*grammar.CHECKS, *grammar.GROUP_CHECKS)}
    assert (checks | FOUND_BY.keys()) - {case.kind for case in CASES} == set()
