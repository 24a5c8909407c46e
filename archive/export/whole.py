"""An export is there whole, or it is not there: drafts beside the target, and the name given last."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from archive import disk
from archive.errors import WriteFailed


@contextmanager
def whole_file(path: Path, *, replace: bool = False) -> Iterator[IO[bytes]]:
    """A draft to write to; when the block ends it gets its name, when it fails nothing is left.

    replace: a file that is there already gives way, and stands until then. Raises WriteFailed or ReadOnly.
    """
    _check_free(path, replace=replace)
    draft = _beside(path)
    try:
        with draft.open("xb") as out:
            yield out
            out.flush()
            disk.sync(out.fileno())
        _check_free(path, replace=replace)
        draft.rename(path)
        disk.sync_folder(path.parent)
    except OSError as error:
        raise disk.refused(path, error) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path, *, replace: bool = False) -> Iterator[Path]:
    """A draft folder to write files into; when the block ends it gets its name, when it fails nothing is left.

    replace: when the folder is there already, each file is moved into it over one of the same name; others stay.
    Raises WriteFailed or ReadOnly.
    """
    _check_free(path, replace=replace)
    draft = _beside(path)
    try:
        draft.mkdir()
        yield draft
        os.sync()  # one for all: the files may be a hundred thousand
        _move(draft, path)
    except OSError as error:
        raise disk.refused(path, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")


def _check_free(path: Path, *, replace: bool) -> None:
    taken = any(path.iterdir()) if path.is_dir() else path.exists()
    if taken and not replace:
        raise WriteFailed(path, "is there already and is left as it is; name another, or replace it with --force")


def _move(draft: Path, path: Path) -> None:
    if not path.exists() or not any(path.iterdir()):
        draft.rename(path)
        disk.sync_folder(path.parent)
        return
    for file in sorted(each for each in draft.rglob("*") if each.is_file()):
        target = path / file.relative_to(draft)
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)
    os.sync()
