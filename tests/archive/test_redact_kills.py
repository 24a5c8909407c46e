"""However a redaction dies, it either never was or the next writer finishes it."""

import os
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType

import pytest

from archive import open_archive, open_writer
from archive.erasure import BEGUN
from archive.redact import cover_article, redact
from archive.store import open_alone
from tests.archive.canaries import PLACES, found_in, full_of_canaries
from tests.archive.pages import HARBOUR, damages, later

# What C does for us that another process, or a power cut, could see the effect of.
_EFFECTS = {
    "write", "open", "fsync", "fdatasync", "rename", "replace", "unlink", "remove", "chmod", "mkdir", "link", "flush",
    "execute", "executemany", "commit", "ftruncate", "close",
}  # fmt: skip


def redacted(root: Path) -> None:
    with open_alone(root) as archive:
        with archive.reading() as reading:
            cover = cover_article(reading, HARBOUR, key=lambda url: url)
        redact(archive, cover, reason="order of the court", now=later(24))


def dies_at(root: Path, step: int) -> bool:
    """Whether a process that redacts is killed right before its n-th effect; False: it had fewer, and ended well."""
    child = os.fork()
    if not child:
        left = [step]

        def count(_frame: FrameType, event: str, called: object) -> None:
            if event == "c_call" and getattr(called, "__name__", "") in _EFFECTS:
                left[0] -= 1
                if not left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(count)
        try:
            redacted(root)
        except BaseException:  # noqa: BLE001  it must not come back into the tests
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return os.WIFSIGNALED(status)


def survives(template: Path, root: Path, step: int) -> bool | None:
    """None when it was not killed; else whether the redaction stands after the next writer, which must be all of it."""
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(template, root)
    open_writer(root).close()  # the catalog of a copy is taken for its own before anybody dies
    if not dies_at(root, step):
        return None
    open_writer(root).close()
    with open_archive(root) as reader, reader.reading() as reading:
        stands = bool(reading.all_redactions())
    assert found_in(root) == ({"elsewhere"} if stands else set(PLACES)), step
    assert damages(root) == [], step
    assert not (root / BEGUN).exists()
    assert not list(root.rglob("*.redacting"))
    return stands


@pytest.fixture
def template(tmp_path: Path) -> Path:
    full_of_canaries(tmp_path / "template")
    open_writer(tmp_path / "template").close()
    return tmp_path / "template"


def killed_at_each(template: Path, root: Path, *, every: int, first: int = 1) -> list[bool]:
    """What came of it for each n-th effect, from the first to the last there is."""
    came: list[bool] = []
    step = first
    while (stands := survives(template, root, step)) is not None:
        came.append(stands)
        step += every
    return came


def test_a_redaction_killed_at_any_of_some_steps_never_was_or_is_finished(template, tmp_path):
    came = killed_at_each(template, tmp_path / "a", every=41)
    assert came == sorted(came)  # once its record stands, it stands
    assert {True, False} <= set(came)


@pytest.mark.torture
@pytest.mark.parametrize("first", range(1, 9))
def test_a_redaction_killed_at_every_step_never_was_or_is_finished(first, template, tmp_path):
    came = killed_at_each(template, tmp_path / "a", every=8, first=first)
    print(f"{len(came)} kills, the redaction stood after {sum(came)}")
    assert came == sorted(came)
    assert len(came) >= 80
