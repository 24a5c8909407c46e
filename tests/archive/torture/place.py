"""A folder in which the same archive is put back again and again, as it was after a crash.

Written anew it would be refused: a catalog bears the inode numbers of itself and its folder, and another place with the
same bytes is a copy. So folder and catalog stay the same files, and only what they hold is put back.
"""

import os
import shutil
from pathlib import Path

State = dict[str, bytes]  # path → content of every file; of a folder "path/" → nothing
_CATALOG = "catalog.sqlite"


class Place:
    """One folder, and the states of an archive that are put into it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._catalog = root.with_name(f"{root.name}.catalog")  # another name for the file, while the folder is empty
        self._keep_catalog()

    def _keep_catalog(self) -> None:
        if (self.root / _CATALOG).exists() and not self._catalog.exists():
            os.link(self.root / _CATALOG, self._catalog)

    def take(self) -> State:
        """What lies there now."""
        self._keep_catalog()
        paths = {path.relative_to(self.root).as_posix(): path for path in sorted(self.root.rglob("*"))}
        return {f"{name}/" if path.is_dir() else name: b"" if path.is_dir() else path.read_bytes()
                for name, path in paths.items()}  # fmt: skip

    def put(self, state: State) -> Path:
        """Have this lie there, and nothing else; the folder."""
        self._clear()
        for name, block in state.items():
            path = self.root / name
            if name.endswith("/"):
                path.mkdir(parents=True, exist_ok=True)
                continue
            if name == _CATALOG and self._catalog.exists():
                os.link(self._catalog, path)
            path.write_bytes(block)
        return self.root

    def _clear(self) -> None:
        for path in self.root.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
