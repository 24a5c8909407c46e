"""A disk whose power goes: what a run of system calls has left on it, whichever of its un-synced writes came through.

The model is stricter than any file system we know. A file's bytes and size are on the medium after its fsync or
fdatasync, a name after that of its folder, whatever was synced below it. Until then each write may be there, or not, or
up to any 512-byte sector, in any order, or have left zeros; of what was done to a folder any beginning may be there. A
rename is one step.  Source: ALICE (Pillai et al., OSDI 2014).
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TypeVar

from tests.archive.torture.place import State

SECTOR = 512
_CALLS = (
    "?open openat ?creat ?openat2 close write ?writev pwrite64 ?pwritev ?pwritev2 lseek ?truncate ftruncate fallocate"
    " fsync fdatasync ?sync_file_range ?rename ?renameat ?renameat2 ?link ?linkat ?symlink ?symlinkat ?unlink unlinkat"
    " ?mkdir mkdirat ?rmdir sync ?syncfs ?dup ?dup2 ?dup3 ?sendfile ?copy_file_range sendto"
)
STRACE = ("-e", f"trace={','.join(_CALLS.split())}", "-xx", "-s", "16777216", "-e", "signal=none")
_LINE = re.compile(r"^\d+ +(\w+)\((.*)\) += (\d+)", re.MULTILINE)  # a call that failed changed nothing
_AT = {"renameat": "rename", "renameat2": "rename", "linkat": "link", "unlinkat": "unlink", "mkdirat": "mkdir"}
_MEMORY = "catalog.sqlite-shm"  # shared memory that happens to have a name: SQLite makes it anew after a crash


class UnknownCallError(Exception):
    """A system call upon the archive that the model does not know: it must learn it before it may be believed."""


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes at a place of a file; or its size, when `block` is None."""

    offset: int
    block: bytes | None

    def onto(self, content: bytearray) -> None:
        if self.block is None:
            del content[self.offset :]
        content.extend(bytes(max(0, self.offset - len(content))))
        if self.block is not None:
            content[self.offset : self.offset + len(self.block)] = self.block


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a folder: `old` is not there any more, `new` is and leads to `file` (None: to a folder)."""

    old: str | None = None
    new: str | None = None
    file: int | None = None
    moved: bool = False  # into another folder

    def onto(self, names: dict[str, int | None]) -> None:
        if self.old:
            names.pop(self.old, None)
        if self.new:
            names[self.new] = self.file


@dataclass(slots=True)
class Content:
    """A file: what is on the medium, and what was written since."""

    durable: bytes = b""
    writes: tuple[Write, ...] = ()
    size: int = 0  # as the running program sees it

    def write(self, write: Write) -> None:
        self.writes += (write,)
        end = write.offset + len(write.block or b"")
        self.size = end if write.block is None else max(self.size, end)

    def sync(self) -> None:
        self.durable, self.writes = made_of(self.durable, self.writes), ()


@dataclass(slots=True)
class Folder:
    """A folder: the names on the medium, and what was done to it since."""

    durable: dict[str, int | None] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()

    def sync(self) -> None:
        names = dict(self.durable)
        for step in self.steps:
            step.onto(names)
        self.durable, self.steps = names, ()


@dataclass(slots=True)
class Opened:
    """A descriptor: of a file, or of a folder when `file` is None."""

    path: str
    file: int | None
    appends: bool = False
    at: int = 0


@dataclass(frozen=True, slots=True)
class Moment:
    """What the medium is sure to hold and what may have come through, at one point of a run; and what was said."""

    said: str
    durable: Mapping[int, bytes]
    writes: Mapping[int, tuple[Write, ...]]
    names: Mapping[str, dict[str, int | None]]
    steps: Mapping[str, tuple[Step, ...]]


def made_of(content: bytes, writes: Sequence[Write]) -> bytes:
    """The content after these writes."""
    made = bytearray(content)
    for write in writes:
        write.onto(made)
    return bytes(made)


class Disk:
    """What a run does to the files under `root`; at first all of them are on the medium."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._said = ""
        self._files: list[Content] = []
        self._folders = {".": Folder()}
        self._seen: dict[str, int] = {}  # path → file, as the running program sees it
        self._opened: dict[int, Opened] = {}
        for path in sorted(root.rglob("*")):
            if path.name != _MEMORY:
                self._find(path)

    def _find(self, path: Path) -> None:
        name = path.relative_to(self._root).as_posix()
        if path.is_dir():
            self._folders[name] = Folder()
            self._folder_of(name).durable[path.name] = None
            return
        block = path.read_bytes()
        self._files.append(Content(block, (), len(block)))
        self._seen[name] = len(self._files) - 1
        self._folder_of(name).durable[path.name] = self._seen[name]

    def replay(self, log: str) -> Iterator[Moment]:
        """The moment after each call of a run that changes the disk, or that acknowledges."""
        self._opened.clear()  # another process than the one before
        for name, given, result in _LINE.findall(log):
            if self._apply(name, given.split(", "), int(result)):
                yield self._moment()

    def _moment(self) -> Moment:
        return Moment(
            said=self._said,
            durable={n: file.durable for n, file in enumerate(self._files)},
            writes={n: file.writes for n, file in enumerate(self._files) if file.writes},
            names={path: folder.durable for path, folder in self._folders.items()},
            steps={path: folder.steps for path, folder in self._folders.items() if folder.steps},
        )

    def _apply(self, name: str, given: list[str], result: int) -> bool:
        name = _AT.get(name, name)
        match name:
            case "sendto":
                self._said += text(given[1]).decode()
                return True
            case "openat":
                return self._open(self._path(given[1]), given[2], result)
            case "sync":
                self._sync()
                return True
            case "rename" | "link" | "unlink" | "mkdir" | "rmdir":
                return self._apply_names(name, [self._path(each) for each in given if each.startswith('"')])
            case "close":
                self._opened.pop(int(given[0]), None)
                return False
        if not given[0].isdecimal():
            raise UnknownCallError(name)
        return self._apply_to(name, self._opened.get(int(given[0])), given, result)

    def _sync(self) -> None:
        for file in self._files:
            file.sync()
        for folder in self._folders.values():
            folder.sync()

    def _apply_names(self, name: str, paths: list[str | None]) -> bool:
        """A call upon names; of those that lie elsewhere nothing comes."""
        match name, [path for path in paths if path is not None]:
            case "rename", [old, new]:
                self._rename(old, new)
            case "link", [old, new]:
                self._link(old, new)
            case "unlink" | "rmdir", [path]:
                return self._unlink(path)
            case "mkdir", [path]:
                self._mkdir(path)
            case _:
                return False
        return True

    def _apply_to(self, name: str, opened: Opened | None, given: list[str], result: int) -> bool:
        """A call upon a descriptor; of one that is none of the archive's nothing comes."""
        if opened is None or opened.path.endswith(_MEMORY):
            return False
        match name:
            case "lseek":
                opened.at = result
                return False
            case "fsync" | "fdatasync":
                (self._folders[opened.path] if opened.file is None else self._files[opened.file]).sync()
                return True
        file = self._files[opened.file if opened.file is not None else -1]
        match name:
            case "write":
                at = file.size if opened.appends else opened.at
                file.write(Write(at, text(given[1])[:result]))
                opened.at = at + result
            case "pwrite64":
                file.write(Write(int(given[3]), text(given[1])[:result]))
            case "ftruncate":
                file.write(Write(int(given[1]), None))
            case _:
                raise UnknownCallError(f"{name} upon {opened.path}")
        return True

    def _path(self, given: str) -> str | None:
        """Relative to the archive's folder; None for what lies elsewhere."""
        path = PurePosixPath(text(given).decode())
        if not path.is_absolute():
            raise UnknownCallError(f"upon {path}, seen from a folder")
        return path.relative_to(self._root).as_posix() if path.is_relative_to(self._root) else None

    def _folder_of(self, path: str) -> Folder:
        return self._folders[PurePosixPath(path).parent.as_posix()]

    def _step(self, path: str, step: Step) -> None:
        folder = self._folder_of(path)
        folder.steps += (step,)

    def _open(self, path: str | None, flags: str, fd: int) -> bool:
        if path is None:
            return False
        if path in self._folders:
            self._opened[fd] = Opened(path, None)
            return False
        made = path not in self._seen
        if made:
            self._files.append(Content())
            self._seen[path] = len(self._files) - 1
            if not path.endswith(_MEMORY):
                self._step(path, Step(new=PurePosixPath(path).name, file=self._seen[path]))
        file = self._seen[path]
        self._opened[fd] = Opened(path, file, "O_APPEND" in flags)
        if "O_TRUNC" in flags and self._files[file].size:
            self._files[file].write(Write(0, None))
        return made

    def _rename(self, old: str, new: str) -> None:
        if old in self._folders:
            self._rename_folder(old, new)
            return
        self._seen[new] = self._seen.pop(old)
        names = PurePosixPath(old).name, PurePosixPath(new).name
        if self._folder_of(old) is self._folder_of(new):
            self._step(new, Step(*names, self._seen[new]))
        else:  # from one folder to another it is two steps: harder than what any disk does
            self._step(new, Step(new=names[1], file=self._seen[new]))
            self._step(old, Step(old=names[0], moved=True))

    def _rename_folder(self, old: str, new: str) -> None:
        """Within its folder; under its old name it is still known, for the step may not have come through."""
        if self._folder_of(old) is not self._folder_of(new):
            raise UnknownCallError(f"rename of the folder {old} into another")
        self._folders |= _moved(self._folders, old, new)
        self._seen |= _moved(self._seen, old, new)
        self._step(new, Step(PurePosixPath(old).name, PurePosixPath(new).name))

    def _link(self, old: str, new: str) -> None:
        self._seen[new] = self._seen[old]
        self._step(new, Step(new=PurePosixPath(new).name, file=self._seen[new]))

    def _unlink(self, path: str) -> bool:
        if path.endswith(_MEMORY):
            return False
        self._seen.pop(path, None)  # a folder is not in it
        self._step(path, Step(old=PurePosixPath(path).name))
        return True

    def _mkdir(self, path: str) -> None:
        self._folders[path] = Folder()
        self._step(path, Step(new=PurePosixPath(path).name))


T = TypeVar("T")


def _moved(known: Mapping[str, T], old: str, new: str) -> dict[str, T]:
    """What is known of the folder `old` and below it, under its new name."""
    return {new + path[len(old) :]: each for path, each in known.items() if path == old or path.startswith(f"{old}/")}


def text(given: str) -> bytes:
    """The bytes of a string as `strace -xx` prints them."""
    return bytes.fromhex(given.strip('"').replace("\\x", ""))


Choose = Callable[[tuple[Write, ...]], Sequence[Write]]
Begin = Callable[[tuple[Step, ...]], Sequence[Step]]


def state(moment: Moment, choose: Choose, begin: Begin) -> State:
    """The files that are there when the power comes back, by what of the un-synced came through."""
    there: State = {}

    def walk(folder: str) -> None:
        names = dict(moment.names[folder])
        for step in begin(moment.steps.get(folder, ())):
            step.onto(names)
        for name, file in names.items():
            path = (PurePosixPath(folder) / name).as_posix()
            if file is None:
                there[f"{path}/"] = b""
                walk(path)
            else:
                there[path] = made_of(moment.durable[file], choose(moment.writes.get(file, ())))

    walk(".")
    return there


def none(_: Sequence[object]) -> tuple[()]:
    return ()


def everything(what: Sequence[Write]) -> Sequence[Write]:
    return what


def all_steps(what: Sequence[Step]) -> Sequence[Step]:
    return what


def zeros(writes: tuple[Write, ...]) -> Sequence[Write]:
    """The size came through, the bytes did not."""
    return [Write(each.offset, each.block and bytes(len(each.block))) for each in writes]


def plain_states(moment: Moment) -> Iterator[State]:
    """The five that tell most: nothing un-synced came through, or all of one kind, or all, or its size alone."""
    yield state(moment, none, none)
    yield state(moment, none, all_steps)
    yield state(moment, everything, none)
    yield state(moment, everything, all_steps)
    yield state(moment, zeros, all_steps)


def lone_states(moment: Moment) -> Iterator[State]:
    """Of all folders one: what was done to it came through, and no other name.

    Not of one that a file was moved out of: every disk keeps the two ends of a rename together.
    """
    for own in moment.steps.values():
        if not any(step.moved for step in own):
            yield state(moment, everything, partial(_only, own))


def _only(own: tuple[Step, ...], what: tuple[Step, ...]) -> Sequence[Step]:
    return what if what is own else ()


def chance_states(moment: Moment, chance: random.Random, count: int) -> Iterator[State]:
    """Some of the many others: torn, reordered, a folder's changes up to any of them."""

    def choose(writes: tuple[Write, ...]) -> Sequence[Write]:
        way = chance.choice((none, everything, zeros, _some, _beginning))
        return way(writes) if way in (none, everything, zeros) else way(writes, chance)  # type: ignore[call-arg]

    for _ in range(count):
        yield state(moment, choose, lambda steps: steps[: chance.randint(0, len(steps))])


def _some(writes: tuple[Write, ...], chance: random.Random) -> Sequence[Write]:
    """Any of them, and of each any sectors."""
    return [part for each in writes if chance.random() < 0.6 for part in _torn(each, chance)]


def _beginning(writes: tuple[Write, ...], chance: random.Random) -> Sequence[Write]:
    """The first of them, the last of those torn."""
    kept = writes[: chance.randint(0, len(writes))]
    return [*kept[:-1], *(part for each in kept[-1:] for part in _torn(each, chance))]


def _torn(write: Write, chance: random.Random) -> list[Write]:
    """One side of a cut at a sector's border; or all of it, where no border lies within."""
    block = write.block or b""
    first = -write.offset % SECTOR or SECTOR
    borders = range(first, len(block), SECTOR)
    if not borders or chance.random() < 0.3:
        return [write]
    cut = chance.choice(borders)
    return [Write(write.offset, block[:cut]) if chance.random() < 0.6 else Write(write.offset + cut, block[cut:])]
