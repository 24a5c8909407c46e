"""A part of an archive, a run that goes on where it stopped, and what is read differently twice."""

import json
from itertools import islice, pairwise
from pathlib import Path

import pytest

from archive import Archive, open_archive, open_writer
from archive.errors import ArchiveError
from archive.members import walk
from archive.verify import Counts, Damage, Progress, Sample, read_sample, verify
from archive.verify.crew import confirmed
from archive.verify.files import Expected, look_at
from archive.verify.sample import choose
from tests.archive.damaged import found
from tests.archive.pages import HARBOUR, kept

NAMES = [f"{n:03}" for n in range(103)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Six WARC files, a text in each."""
    for n in range(6):
        with open_writer(tmp_path / "a") as archive:
            kept(archive, f"Story {n}.", url=f"{HARBOUR}/{n}", hours=n)
    for path in (tmp_path / "a").rglob("*.warc.gz"):
        path.chmod(0o644)
    return tmp_path / "a"


def damage_each_file(root: Path) -> int:
    """Flip a bit in the request of each WARC file; how many there are."""
    paths = list((root / "warc").rglob("*.warc.gz"))
    for path in paths:
        block = bytearray(path.read_bytes())
        record = list(walk(path))[2]
        block[record.offset + record.length - 6] ^= 1
        path.write_bytes(block)
    return len(paths)


class TestASample:
    @pytest.mark.parametrize("said", ["5%", "100%", "1", "12", "200", "33.3%"])
    def test_is_all_of_the_archive_once_the_seeds_have_gone_round(self, said):
        share = read_sample(said, seed=0)
        size = len(choose(NAMES, share))
        rounds = -(-len(NAMES) // size)
        taken = {name for seed in range(rounds + 1) for name in choose(NAMES, read_sample(said, seed=seed))}
        assert taken == set(NAMES)

    def test_is_spread_over_the_archive(self):
        places = [NAMES.index(name) for name in choose(NAMES, read_sample("10%", seed=7))]
        assert len(places) == 10
        assert all(after - before < 2 * 103 / 10 + 1 for before, after in pairwise(places))

    def test_is_the_same_one_with_the_same_seed(self):
        assert choose(NAMES, read_sample("5%", seed=4)) == choose(NAMES, read_sample("5%", seed=4))
        assert choose(NAMES, read_sample("5%", seed=4)) != choose(NAMES, read_sample("5%", seed=5))

    @pytest.mark.parametrize("said", ["", "0", "0%", "101%", "-5%", "five", "1.5", "5 %%"])
    def test_that_is_none_says_how_to_write_it(self, said):
        with pytest.raises(ValueError, match="write it as 5%"):
            read_sample(said, seed=0)

    def test_looks_at_so_many_files_and_the_texts_in_them(self, root):
        counts = Counts()
        with open_archive(root) as reader:
            assert list(verify(reader, counts, sample=Sample(files=2, seed=0))) == []
        assert (counts.warcs, counts.texts) <= (2, 2)
        assert counts.warcs == 2

    def test_finds_the_damages_of_what_it_looks_at_and_all_of_them_in_the_end(self, root):
        files = damage_each_file(root)
        places: set[str] = set()
        with open_archive(root) as reader:
            for seed in range(files):
                mine = {damage.file for damage in verify(reader, Counts(), sample=Sample(files=1, seed=seed))}
                assert len(mine) == 1
                places |= mine
        assert len(places) == files


class TestARunThatWasInterrupted:
    def test_goes_on_where_it_stopped_and_says_what_it_had_found(self, root, tmp_path):
        files = damage_each_file(root)
        whole = found(root)
        path = tmp_path / "progress"
        with open_archive(root) as reader:
            assert self.begun(reader, path, damages=2) == whole[:2]
            lines = len(path.read_text().splitlines())
            counts = Counts()
            progress = Progress(path)
            progress.begin({})
            assert list(verify(reader, counts, progress=progress)) == whole
        assert counts.warcs == files
        # Each file was looked at by one run or the other, and none by both.
        assert len({json.loads(line)["warc"] for line in path.read_text().splitlines()[1:-1]}) == files
        assert len(path.read_text().splitlines()) == files + 2
        assert lines == 1 + 2

    def test_finds_an_id_that_stands_in_a_file_of_each_run(self, root, tmp_path):
        one, *_, last = sorted((root / "warc").rglob("*.warc.gz"))
        last.write_bytes(one.read_bytes())
        path = tmp_path / "progress"
        with open_archive(root) as reader:
            self.begun(reader, path, damages=1)
            progress = Progress(path)
            progress.begin({})
            kinds = [damage.kind for damage in verify(reader, Counts(), progress=progress)]
        assert "record_twice" in kinds

    def begun(self, reader: Archive, path: Path, *, damages: int) -> list[Damage]:
        """A run that was stopped after so many damages."""
        progress = Progress(path)
        progress.begin({"archive": "a"})
        run = verify(reader, Counts(), progress=progress)
        told = list(islice(run, damages))
        del run  # as when it is killed: nothing more is written
        return told

    def test_that_was_killed_at_a_line_reads_that_file_again(self, root, tmp_path):
        damage_each_file(root)
        path = tmp_path / "progress"
        with open_archive(root) as reader:
            self.begun(reader, path, damages=2)
            torn = path.read_bytes()[:-9]
            path.write_bytes(torn)
            progress = Progress(path)
            progress.begin({})
            assert list(verify(reader, Counts(), progress=progress)) == found(root)

    def test_whose_ids_went_with_the_power_starts_afresh(self, root, tmp_path):
        damage_each_file(root)
        path = tmp_path / "progress"
        with open_archive(root) as reader:
            self.begun(reader, path, damages=2)
            for bucket in path.with_name("progress.seen").iterdir():
                bucket.write_bytes(b"")  # named, and nothing in it: as after a power cut
            progress = Progress(path)
            progress.begin({})
            assert list(verify(reader, Counts(), progress=progress)) == found(root)

    def test_that_had_ended_starts_afresh(self, root, tmp_path):
        path = tmp_path / "progress"
        with open_archive(root) as reader:
            progress = Progress(path)
            progress.begin({"archive": "a"})
            assert list(verify(reader, Counts(), progress=progress)) == []
            damage_each_file(root)
            again = Progress(path)
            assert again.about == {}
            again.begin({"archive": "a"})
            assert len(list(verify(reader, Counts(), progress=again))) == 6
        assert not path.with_name("progress.seen").exists()

    def test_looks_again_at_a_file_that_has_grown_since(self, root, tmp_path):
        path = tmp_path / "progress"
        with open_writer(root) as archive:
            kept(archive, "Before.", url=f"{HARBOUR}/before")
            with open_archive(root) as reader:
                progress = Progress(path)
                progress.begin({"archive": "a"})
                run = verify(reader, Counts(), progress=progress)
                kept(archive, "After.", url=f"{HARBOUR}/after")
                assert list(run) == []
        grown = Expected(warc="warc/x", length=1, sha256=None)
        progress = Progress(tmp_path / "other")
        progress.begin({})
        progress.note(grown, Counts(), [])
        again = Progress(tmp_path / "other")
        assert again.of(grown) == (Counts(), [])
        assert again.of(Expected(warc="warc/x", length=2, sha256=None)) is None

    def test_does_not_write_over_a_file_of_another_kind(self, tmp_path):
        path = tmp_path / "letters"
        path.write_text("Dear Lena")
        with pytest.raises(ArchiveError, match="--resume"):
            Progress(path)


class TestWhatIsReadTwice:
    def test_is_damaged_when_both_looks_find_the_same(self, root):
        damage_each_file(root)
        assert {damage.kind for damage in found(root)} == {"member"}

    def test_is_no_damage_but_a_failing_cable_when_only_one_look_finds_it(self, root):
        path = min((root / "warc").rglob("*.warc.gz"))
        sound = path.read_bytes()
        damage_each_file(root)
        with open_archive(root) as reader, reader.reading() as reading:
            warc = path.relative_to(root).as_posix()
            length, sha256 = reading.warc_files()[warc]
            expected = Expected(warc=warc, length=length, sha256=sha256)

            def again() -> list[Damage]:
                path.write_bytes(sound)  # as a cable does that gives other bytes the second time
                return look_at(reader, reading, expected).damages

            [damage] = confirmed(look_at(reader, reading, expected).damages, again)
        assert (damage.kind, damage.file) == ("unsteady", warc)
        assert damage.what.startswith("read differently twice")
        assert "memory" in damage.mend

    def test_is_read_once_when_it_is_sound(self):
        assert confirmed([], lambda: pytest.fail("read again")) == []
