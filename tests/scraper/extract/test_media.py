"""A file that is no text is refused by its name, and a text is read in whatever charset it came."""

import gzip
import io
import json
import subprocess
import sys
import zipfile

import pytest

from scraper.errors import NotAnArticle
from scraper.extract import text_of
from scraper.extract.decoding import utf8_of
from tests.scraper.extract.pages import PARAGRAPHS

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01"
RUSSIAN = "Паром, который когда-то связывал старый город с островами, снова вышел в море в пятницу утром. " * 3
FRENCH = "Le bac qui reliait jadis la vieille ville aux îles a repris la mer vendredi, après onze années d’arrêt. " * 3


def zipped() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("text.txt", "\n".join(PARAGRAPHS))
    return archive.getvalue()


@pytest.mark.parametrize(
    ("body", "reason", "said"),
    [
        (b"%PDF-1.7\n1 0 obj", "pdf", "PDF"),
        (b"\r\n%PDF-1.4\n", "pdf", "PDF"),
        (PNG, "media-type", "PNG picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "media-type", "JPEG picture"),
        (zipped(), "media-type", "ZIP archive"),
        (gzip.compress("\n".join(PARAGRAPHS).encode()), "media-type", "unpack it first"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(40), "media-type", "office document"),
        (bytes(range(256)) * 9, "media-type", "binary"),
    ],
)
def test_what_is_no_text_says_what_it_is(body, reason, said):
    with pytest.raises(NotAnArticle) as caught:
        text_of(body, "kept.bin")
    assert caught.value.reason == reason
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        *((FRENCH, charset) for charset in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")),
        *((RUSSIAN, charset) for charset in ("utf-8", "utf-16", "cp1251", "koi8-r")),
    ],
)
def test_a_text_is_read_in_whatever_charset_it_came(text, charset):
    assert text_of(text.encode(charset), "kept.txt") == text


def test_a_lone_control_character_of_a_terminal_makes_no_binary_of_a_text():
    assert text_of(b"\x1b[1mFerry returns\x1b[0m\n", "kept.txt").endswith("\n")


@pytest.mark.parametrize("stray", ["\x07", "\0", "\x0b", "\x08\x08"])
def test_a_stray_control_character_makes_no_binary_of_a_text(stray):
    for text in (f"Ferry{stray} returns\n", f"{stray}{FRENCH}", f"{PARAGRAPHS[0]}{stray}\n{RUSSIAN}"):
        assert text_of(text.encode(), "kept.txt") == text


def test_a_few_bytes_of_ascii_with_an_escape_in_them_are_ascii():
    for said in ("\x1b[1mFerry returns\x1b[0m\n", "Ferry \x1b returns", "\x1b[1mFerry\x1b[0m"):
        assert utf8_of(said.encode(), None) == said.encode()
    japanese = "フェリーが金曜日の朝、港に戻った。"
    assert utf8_of(japanese.encode("iso2022-jp"), None).decode() == japanese


def test_the_verb_says_why_it_prints_nothing(tmp_path):
    picture = tmp_path / "quay.png"
    picture.write_bytes(PNG)
    done = subprocess.run(
        [sys.executable, "-m", "scraper", "clean", str(picture), "--json"], capture_output=True, check=False
    )
    assert done.returncode == 4
    assert json.loads(done.stdout)["message"] == "it is a PNG picture, not a page and not a text"
