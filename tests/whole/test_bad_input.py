"""What people and the web get wrong: one clear line, the right exit code, and nothing lost that was kept."""

import fcntl
import os
import resource
import shlex
import shutil
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from scraper.demo import ARTICLES, Answer, Press
from tests.servers import closed_port, origin
from tests.whole.conftest import LIGHTHOUSE
from tests.whole.terminal import PATIENCE, Ran, Terminal, run, surroundings

GRAIN = next(story for story in ARTICLES if story.name == "grain-quota")
OWN_MOUNTS = ("unshare", "--mount", "bash", "-c")


def can_mount(tmp_path: Path) -> bool:
    """Whether we may make a place with mounts of its own."""
    if sys.platform != "linux" or not shutil.which("unshare"):
        return False
    place = tmp_path / "place"
    place.mkdir()
    done = subprocess.run([*OWN_MOUNTS, f"mount -t tmpfs none '{place}'"], capture_output=True, check=False)
    return done.returncode == 0


def with_mount(terminal: Terminal, mount: str, verb: str, *arguments: str) -> Ran:
    """The command in a place of its own, after that mount."""
    return terminal(verb, *arguments, before=[*OWN_MOUNTS, f'{mount} && exec "$0" "$@"'])


def is_as_it_was(desk: Terminal) -> bool:
    """Whether what was kept before is there and whole."""
    return list(desk.texts().values()) == [LIGHTHOUSE.text] and not desk.damages() and not desk.open_warcs()


class TestALink:
    @pytest.mark.parametrize("link", ["nonsense", "a b.example", "http://[::1"])
    def test_that_is_no_url_is_a_word_to_the_user(self, pressmark: Terminal, link: str):
        ran = pressmark("fetch", link)
        assert ran.code == 2
        assert "http" in ran.refusal
        assert not pressmark.archive.exists() or pressmark.all_visits() == []

    @pytest.mark.parametrize("link", ["file:///etc/passwd"])
    def test_of_another_kind_than_http_is_a_word_to_the_user(self, pressmark: Terminal, link: str):
        ran = pressmark("fetch", link)
        assert ran.code == 2
        assert "only http and https are fetched" in ran.refusal

    def test_to_a_host_that_nobody_knows_fails(self, desk: Terminal):
        url = "http://no-such-paper.invalid/story"
        ran = desk("fetch", url)
        assert ran.code == 1
        assert "no-such-paper.invalid" in ran.refusal
        assert "cannot be resolved" in ran.refusal
        assert [(visit.outcome, visit.reason) for visit in desk.visits(url)] == [("failed", "dns")]
        assert is_as_it_was(desk)

    def test_to_a_host_that_refuses_the_connection_fails(self, desk: Terminal):
        with closed_port() as port:
            ran = desk("fetch", "http://shut.example/story", "--connect-to", f"shut.example:80:127.0.0.1:{port}")
        assert ran.code == 1
        assert "Connection refused" in ran.refusal
        [visit] = desk.visits("http://shut.example/story")
        assert (visit.outcome, visit.reason) == ("failed", "connect")
        assert is_as_it_was(desk)

    @pytest.mark.parametrize("ending", ["close", "reset"])
    def test_to_a_server_that_drops_the_connection_fails(self, desk: Terminal, ending: str):
        with origin(lambda _request: [ending]) as server:  # type: ignore[list-item]
            pin = f"rude.example:80:127.0.0.1:{server.port}"
            ran = desk("fetch", "http://rude.example/story", "--connect-to", pin)
        assert ran.code == 1
        assert "without an answer" in ran.refusal
        [visit] = desk.visits("http://rude.example/story")
        assert (visit.outcome, visit.reason) == ("failed", "disconnect")
        assert is_as_it_was(desk)

    def test_to_a_machine_of_our_own_network_is_refused(self, desk: Terminal, press: Press):
        ran = desk("fetch", "http://127.0.0.1/admin")
        assert ran.code == 7
        assert "--allow-private" in ran.refusal
        [visit] = desk.visits("http://127.0.0.1/admin")
        assert (visit.outcome, visit.reason) == ("refused", "private-address")
        assert press.requests == []

    def test_behind_a_redirect_to_our_own_network_is_refused(self, desk: Terminal, press: Press):
        away = Answer(status=302, headers=(("Location", "http://10.0.0.1/router"),))
        press.add("http://sly.example/story", away)
        ran = desk("fetch", "http://sly.example/story")
        assert ran.code == 7
        [visit] = desk.visits("http://sly.example/story")
        assert (visit.outcome, visit.reason) == ("refused", "private-address")

    def test_that_fails_is_an_object_in_json(self, pressmark: Terminal):
        told = pressmark("fetch", "nonsense", "--json").told
        assert (told["error"], told["subject"], told["exit"]) == ("FetchError", "nonsense", 2)

    def test_that_is_none_does_not_keep_the_others_from_being_fetched(self, pressmark: Terminal):
        ran = pressmark("fetch", "nonsense", GRAIN.url)
        assert ran.code == 3
        assert list(pressmark.texts().values()) == [GRAIN.text]
        assert "nonsense" in ran.err


class TestWordsAndFlags:
    @pytest.mark.parametrize(
        ("words", "subject", "hint"),
        [
            (["list", "--since", "yesterday"], "pressmark list", "write it as 2026-11-20"),
            (["verify", "--sed", "4"], "pressmark verify", "--seed"),
            (["keep"], "pressmark", "keep"),
        ],
    )
    def test_that_mean_nothing_are_told_as_text_and_as_an_object(self, pressmark: Terminal, words, subject, hint):
        ran = pressmark(*words)
        assert ran.code == 2
        assert hint in ran.err
        told = pressmark(*words, "--json").told
        assert (told["subject"], told["exit"]) == (subject, 2)
        assert hint in told["message"]

    def test_that_fail_while_nobody_reads_end_without_a_traceback(self, pressmark: Terminal):
        line = f"{sys.executable} -m scraper -C nowhere list --json | head -c 0"
        ran = run(["bash", "-c", line], pressmark.folder)
        assert ran.err == ""


class TestACertificate:
    def test_from_an_authority_that_nobody_knows_is_not_trusted(self, tmp_path: Path):
        authority = trustme.CA()
        with Press(certificate=_certificate(authority)) as press:
            terminal = Terminal(tmp_path / "desk", press)
            ran = terminal("fetch", _secure(GRAIN.url))
            assert ran.code == 1
            assert "--cacert" in ran.refusal
            [visit] = terminal.visits(_secure(GRAIN.url))
            assert (visit.outcome, visit.reason) == ("failed", "tls")
            assert press.requests == []

    def test_from_an_authority_that_the_operator_names_is_trusted(self, tmp_path: Path):
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        with Press(certificate=_certificate(authority)) as press:
            ran = Terminal(tmp_path / "desk", press)("fetch", _secure(GRAIN.url), "--cacert", str(tmp_path / "ca.pem"))
        assert (ran.code, ran.out) == (0, GRAIN.text)

    def test_that_is_not_there_is_a_word_to_the_user(self, pressmark: Terminal):
        ran = pressmark("fetch", GRAIN.url, "--cacert", "nowhere.pem")
        assert ran.code == 2
        assert "--cacert" in ran.refusal


def _certificate(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(GRAIN.host).configure_cert(context)
    return context


def _secure(url: str) -> str:
    return url.replace("http://", "https://")


class TestSettings:
    def test_with_an_unknown_key_name_line_and_nearest_key(self, pressmark: Terminal):
        pressmark.config.write_text("contact: desk@example.org\npoliteness:\n  dely: 3 s\n")
        ran = pressmark("fetch", GRAIN.url)
        assert ran.code == 2
        assert f"{pressmark.config}:3" in ran.refusal
        assert '"delay"' in ran.refusal
        assert not pressmark.archive.exists()

    def test_that_are_not_there_are_named(self, pressmark: Terminal):
        pressmark.config.unlink()
        ran = pressmark("list")
        assert ran.code == 2
        assert str(pressmark.config) in ran.refusal

    @pytest.mark.parametrize("flag", ["--delay=soon", "--connect-to=here"])
    def test_on_the_command_line_are_named_by_their_flag(self, pressmark: Terminal, flag: str):
        ran = pressmark("fetch", GRAIN.url, flag)
        assert ran.code == 2
        assert flag.partition("=")[0] in ran.refusal

    def test_that_switch_on_a_seed_which_is_not_there_name_the_nearest(self, pressmark: Terminal):
        pressmark.settings(sources={"on": ["caliber.as"]})
        ran = pressmark("fetch")
        assert ran.code == 2
        assert str(pressmark.config) in ran.refusal
        assert "did you mean" in ran.refusal


class TestAnArchive:
    @pytest.mark.parametrize("verb", [["list"], ["verify"]], ids=lambda verb: verb[0])
    def test_that_is_not_there_is_not_made_by_a_reader(self, pressmark: Terminal, verb: list[str]):
        ran = pressmark(*verb)
        assert ran.code == 2
        assert str(pressmark.archive) in ran.refusal
        assert not pressmark.archive.exists()

    @pytest.mark.parametrize("verb", [["list"], ["fetch", GRAIN.url]], ids=lambda verb: verb[0])
    def test_that_is_a_folder_with_other_things_is_left_alone(self, pressmark: Terminal, verb: list[str]):
        pressmark.archive.mkdir()
        (pressmark.archive / "letters.txt").write_text("Dear Lena")
        before = pressmark.files()
        ran = pressmark(*verb)
        assert ran.code == 2
        assert str(pressmark.archive) in ran.refusal
        assert pressmark.files() == before

    @pytest.mark.parametrize("verb", [["list"], ["fetch", GRAIN.url]], ids=lambda verb: verb[0])
    def test_that_is_a_file_is_left_alone(self, pressmark: Terminal, verb: list[str]):
        pressmark.archive.write_text("Dear Lena")
        ran = pressmark(*verb)
        assert ran.code == 2
        assert "not a folder" in ran.refusal
        assert pressmark.archive.read_text() == "Dear Lena"

    def test_of_a_later_pressmark_is_refused(self, desk: Terminal):
        (desk.archive / "FORMAT").write_text("pressmark archive 2\n")
        ran = desk("fetch", GRAIN.url)
        assert ran.code == 2
        assert "upgrade pressmark" in ran.refusal

    def test_that_another_process_holds_is_waited_for_no_longer_than_asked(self, desk: Terminal):
        with (desk.archive / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            ran = desk("fetch", GRAIN.url, "--wait", "0")
        assert ran.code == 6
        assert "--wait" in ran.refusal
        assert is_as_it_was(desk)

    def test_that_is_read_only_is_read_but_not_written(self, desk: Terminal, tmp_path: Path):
        if not can_mount(tmp_path):
            pytest.skip("needs mounts of its own: root on Linux")
        mount = f"mount --bind '{desk.archive}' '{desk.archive}' && mount -o remount,ro,bind '{desk.archive}'"
        assert with_mount(desk, mount, "show", LIGHTHOUSE.url).out == LIGHTHOUSE.text
        assert with_mount(desk, mount, "verify").code == 0
        assert with_mount(desk, mount, "status").code == 0
        ran = with_mount(desk, mount, "fetch", GRAIN.url)
        assert ran.code == 1
        assert "cannot be written" in ran.refusal
        assert is_as_it_was(desk)

    def test_on_a_full_disk_takes_nothing_and_loses_nothing(self, desk: Terminal, tmp_path: Path):
        if not can_mount(tmp_path):
            pytest.skip("needs mounts of its own: root on Linux")
        desk.settings(archive={"min_free": 0})
        # The archive is copied onto a disk of 900 kB, which a filler takes up; then it is copied back to be looked at.
        # A copy's catalog is made anew, because nobody can know of what moment it is.
        archive = ["-C", str(tmp_path / "place" / "a")]
        script = (
            f"mount -t tmpfs -o size=900k none '{tmp_path / 'place'}' && cp -r '{desk.archive}' '{tmp_path}/place/a' &&"
            f" {shlex.join(desk.command('rebuild', *archive))} >/dev/null 2>&1 &&"
            f" (cat /dev/zero > '{tmp_path}/place/filler' 2>/dev/null; true); rm -rf '{tmp_path}/back';"
            f" \"$0\" \"$@\"; code=$?; cp -r '{tmp_path}/place/a' '{tmp_path}/back'; exit $code"
        )
        ran = desk("fetch", GRAIN.url, *archive, before=[*OWN_MOUNTS, script])
        assert ran.code == 1
        assert "full" in ran.refusal
        shutil.rmtree(desk.archive)
        (tmp_path / "back").rename(desk.archive)
        assert desk("rebuild").code == 0
        assert list(desk.texts().values()) == [LIGHTHOUSE.text]
        assert desk("fetch", GRAIN.url).out == GRAIN.text
        assert desk.damages() == []
        assert desk.open_warcs() == []

    def test_whose_files_may_not_grow_says_so_and_loses_nothing(self, desk: Terminal, press: Press):
        press.add("http://large.example/story", _large())
        done = subprocess.run(
            desk.command("fetch", "http://large.example/story"), cwd=desk.folder, env=surroundings(desk.folder),
            preexec_fn=_small_files, capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (1, "")
        [line] = done.stderr.splitlines()
        assert "too large" in line
        assert desk("fetch", GRAIN.url).out == GRAIN.text
        assert desk.damages() == []
        assert desk.open_warcs() == []


def _large() -> Answer:
    """An article that does not grow smaller when it is packed."""
    noise = "".join(f"<p>{os.urandom(60).hex()}</p>" for _ in range(40_000))
    return Answer(headers=(("Content-Type", "text/html"),), body=f"<html><body>{noise}</body></html>".encode())


def _small_files() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))


class TestAFile:
    def test_that_is_not_there_cannot_be_cleaned(self, pressmark: Terminal):
        ran = pressmark("clean", "nowhere.html")
        assert ran.code == 2
        assert "nowhere.html" in ran.refusal

    def test_that_holds_no_article_ends_in_4(self, pressmark: Terminal):
        (pressmark.folder / "empty.html").write_bytes(b"")
        ran = pressmark("clean", "empty.html")
        assert ran.code == 4
        assert "empty.html" in ran.refusal

    @pytest.mark.parametrize(
        ("markup", "url", "reason"),
        [
            ("", "", "no-text"),
            ("<p>Harbour news, tide tables and the ferry's hours.</p>", "http://harbour-herald.example/", "front"),
            ("<h1>Log in</h1><p>Please verify that you are a human, and then go on.</p>", "", "wall"),
        ],
    )
    def test_that_holds_no_article_says_in_json_in_a_word_why(self, pressmark: Terminal, markup, url, reason):
        ran = pressmark("clean", "-", "--url", url, "--json", stdin=f"<html><body>{markup}</body></html>")
        told = ran.told
        assert (ran.code, ran.err, told["error"], told["reason"]) == (4, "", "NotAnArticle", reason)
        assert told["subject"] == (url or "-")


def test_a_reader_that_goes_away_is_no_error(editions):
    line = " ".join(f"'{word}'" for word in editions.terminal.command("list"))
    ran = run(["bash", "-o", "pipefail", "-c", f"{line} | head -n 1"], editions.terminal.folder)
    assert (ran.code, ran.err) == (0, "")


def test_an_unknown_verb_is_a_word_to_the_user(pressmark: Terminal):
    ran = run([sys.executable, "-m", "scraper", "fetsch"], pressmark.folder)
    assert (ran.code, ran.out) == (2, "")
    assert "fetsch" in ran.err
