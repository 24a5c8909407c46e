"""Lists of sources: written by hand, switched on by name, added to, imported."""

import threading
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest
import yaml

from scraper.errors import ConfigError, Unreadable
from scraper.opml import read_opml
from scraper.schedule import next_fire
from scraper.sources import Source, add_sources, read_seeds, sources_of, switched_on

SEEDS = Path(__file__).parents[2] / "seeds"

GAZETTE = """\
# ours
- name: The Gazette
  home: https://gazette.test
  feeds:
    - https://gazette.test/feed
    - https://gazette.test/sport/feed
  news_sitemaps: [https://gazette.test/news.xml]
  pages: [https://gazette.test/corrections]
  tags: [Harbour, no]
  language: no
  country: NO
  schedule: every 30m

- home: https://www.herald.test/
"""


@pytest.fixture
def seed_file(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "mine.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_an_entry_stands_for_every_url_it_lists(seed_file):
    *listed, herald = read_seeds(seed_file(GAZETTE))
    assert [(source.kind, source.url.rpartition("/")[2]) for source in listed] == [
        ("feed", "feed"),
        ("feed", "feed"),
        ("news-sitemap", "news.xml"),
        ("page", "corrections"),
    ]
    assert listed[0] == Source(
        url="https://gazette.test/feed",
        kind="feed",
        name="The Gazette",
        tags=("harbour", "no"),
        language="no",
        country="no",
        schedule="every 30m",
    )
    assert herald == Source(url="https://www.herald.test/", kind="home", name="herald.test")


def test_a_source_may_name_private_networks_of_its_own(seed_file):
    text = (
        "- home: http://intranet.test/\n  allow_private: [10.7.0.0/16, 'fd00:7::/32']\n- home: https://herald.test/\n"
    )
    ours, herald = read_seeds(seed_file(text))
    assert ours.allow_private == (ip_network("10.7.0.0/16"), ip_network("fd00:7::/32"))
    assert herald.allow_private == ()


def test_the_private_networks_of_a_source_are_written_with_it(seed_file, tmp_path):
    [ours] = read_seeds(seed_file("- home: http://intranet.test/\n  allow_private: [10.7.0.0/16]\n"))
    add_sources(tmp_path / "added.yaml", [ours])
    assert read_seeds(tmp_path / "added.yaml") == (ours,)


def test_norway_is_not_false(seed_file):
    assert read_seeds(seed_file("- home: https://a.test\n  country: no\n"))[0].country == "no"


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[]\n"])
def test_an_empty_seed_file_holds_no_sources(seed_file, text):
    assert read_seeds(seed_file(text)) == ()


def test_a_url_listed_twice_is_one_source(seed_file):
    text = "- feeds: [https://a.test/f, https://A.test/f#x]\n- feeds: [https://a.test/f]\n"
    assert len(read_seeds(seed_file(text))) == 1


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("- name: A\n  feed: [https://a.test/f]\n", 2, "did you mean `feeds`"),
        ("- name: A\n  feeds: https://a.test/f\n", 2, "is a list"),
        ("- name: A\n  feeds:\n    - {url: https://a.test}\n", 2, "must be text"),
        ("- name: A\n\n- home: https://b.test\n", 1, "needs a `home`"),
        ("- home: gazette.test\n", 1, "write https://gazette.test"),
        ("- home: file:///etc/passwd\n", 1, "no http(s) URL"),
        ("- home: https://u:p@a.test/\n", 1, "password"),
        ("- home: https://a.test\n  schedule: now and then\n", 2, "neither"),
        ("- home: https://a.test\n  home: https://b.test\n", 2, "twice"),
        ("home: https://a.test\n", 1, "is a list"),
        ("- https://a.test\n", 1, "has fields"),
        ("- name: A\n  feeds: [https://a.test\n", 3, "not YAML"),
        ("- &a [*a]\n", 1, "aliases"),
        ("- home: *gone\n", 1, "aliases"),
        ("- name: 1843\n  home: https://a.test\n", 1, "in quotes"),
        (f"- name: {'[' * 5000}\n", 1, "nested deeper"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_was_meant(seed_file, text, line, message):
    path = seed_file(text)
    with pytest.raises(ConfigError) as error:
        read_seeds(path)
    assert error.value.subject == f"{path}:{line}"
    assert message in error.value.message


def test_a_seed_file_that_is_not_there_or_not_text_is_a_mistake_too(seed_file, tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_seeds(tmp_path / "none.yaml")
    path = seed_file("")
    path.write_bytes(b"- name: \xff\n")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_seeds(path)
    path.write_bytes(b"- name: \x00\n")
    with pytest.raises(ConfigError, match="not YAML"):
        read_seeds(path)


def test_the_config_lists_sources_in_the_same_form():
    (source,) = sources_of({"feeds": ["https://a.test/f"], "tags": ["x"]}, where="config.yaml:35")
    assert (source.kind, source.name, source.tags) == ("feed", "a.test", ("x",))
    with pytest.raises(ConfigError, match="put it in quotes") as error:
        sources_of({"home": "https://a.test", "country": False}, where="config.yaml:35")
    assert error.value.subject == "config.yaml:35"


def test_seeds_are_switched_on_by_file_tag_or_name():
    one = Source(url="https://one.test", kind="home", name="One News", tags=("sport", "de"))
    two = Source(url="https://two.test", kind="home", name="Two", tags=("de",))
    again = Source(url="https://one.test/", kind="home", name="One again")
    seeds = {"at": (one,), "de": (two, again)}
    assert switched_on(seeds, []) == ()
    assert switched_on(seeds, ["at"]) == (one,)
    assert switched_on(seeds, ["de"]) == (two, again)
    assert switched_on(seeds, ["tag:de"]) == (one, two)
    assert switched_on(seeds, ["sport"]) == (one,)
    assert switched_on(seeds, ["two", "ONE  news"]) == (one, two)
    assert switched_on(seeds, ["name:Two", "file:de"]) == (two, again)
    assert switched_on(seeds, ["at", "de"]) == (one, two)


def test_switching_on_what_is_not_there_names_the_nearest():
    seeds = {"austria": (Source(url="https://one.test", kind="home", name="Der Standard", tags=("at",)),)}
    with pytest.raises(ConfigError, match="did you mean `der standard`"):
        switched_on(seeds, ["Der Standart"])
    with pytest.raises(ConfigError, match="did you mean `austria`"):
        switched_on(seeds, ["tag:austira"])


def test_every_seed_file_that_ships_can_be_read():
    seeds = {path.stem: read_seeds(path) for path in sorted(SEEDS.glob("*.yaml"))}
    publishers = {(stem, source.name) for stem, sources in seeds.items() for source in sources}
    assert len(publishers) == 184
    assert [source.url for source in switched_on(seeds, ["samples"])] == [
        "https://caliber.az",
        "https://www.khaleejtimes.com",
        "https://www.world-today-news.com",
        "https://rksnews.tv",
    ]
    assert {source.kind for source in switched_on(seeds, ["file:samples"])} == {"home"}
    assert all(source.country == stem for stem, sources in seeds.items() if stem != "samples" for source in sources)


def test_the_example_of_the_readme_is_a_seed_file(seed_file):
    example = (SEEDS / "README.md").read_text(encoding="utf-8").split("```yaml\n")[2].partition("```")[0]
    assert len(read_seeds(seed_file(example))) == 5


def test_added_sources_stand_behind_the_old_ones_and_comments_stay(seed_file):
    path = seed_file(GAZETTE)
    new = Source(url="https://new.test/feed", kind="feed", name="Ny: avis", tags=("no",), country="no")
    known = Source(url="https://gazette.test/feed#x", kind="feed", name="Other")
    assert add_sources(path, [new, known, new]) == [new]
    assert path.read_text(encoding="utf-8").startswith(GAZETTE)
    assert read_seeds(path)[-1] == new
    assert add_sources(path, [new]) == []


def test_a_list_that_is_indented_is_added_to_at_its_own_indent(seed_file):
    path = seed_file("  - home: https://a.test\n")
    add_sources(path, [Source(url="https://b.test", kind="home", name="B")])
    assert [source.url for source in read_seeds(path)] == ["https://a.test", "https://b.test"]


def test_the_first_source_added_makes_the_file(tmp_path):
    path = tmp_path / "seeds" / "added.yaml"
    sources = [Source(url=f"https://{kind}.test/", kind=kind, name=kind) for kind in ("home", "front", "news-sitemap")]
    assert add_sources(path, sources) == sources
    assert list(read_seeds(path)) == sources
    assert list(path.parent.iterdir()) == [path]


def test_a_list_in_brackets_is_not_torn_apart(seed_file):
    path = seed_file("[{home: https://a.test}]\n")
    with pytest.raises(ConfigError, match="dash on each line"):
        add_sources(path, [Source(url="https://b.test", kind="home", name="B")])
    assert path.read_text() == "[{home: https://a.test}]\n"


def test_sources_added_at_the_same_time_are_all_there(tmp_path):
    path = tmp_path / "added.yaml"

    def add(number: int) -> None:
        add_sources(path, [Source(url=f"https://{number}.test/", kind="home", name=str(number))])

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_seeds(path)) == 8
    assert len(yaml.safe_load(path.read_text())) == 8


def test_a_subscription_list_gives_its_feeds_with_folders_as_tags():
    body = b"""<?xml version="1.0"?><opml version="2.0"><head><title>Mine</title></head><body>
      <outline text="World News"><outline text="Asia">
        <outline type="rss" text="Gazette" xmlUrl="https://gazette.test/feed" category="/press/daily,asia"/></outline>
        <outline text="Herald &amp; Co" XMLURL=" https://u:p@herald.test/feed "/></outline>
      <outline text="Again" xmlUrl="https://gazette.test/feed"/><outline text="x" xmlUrl="file:///etc/passwd"/>
      <outline xmlUrl="https://plain.test/feed"/></body></opml>"""
    gazette, herald, plain = read_opml(body)
    assert (gazette.name, gazette.kind, gazette.tags) == ("Gazette", "feed", ("world-news", "asia", "press", "daily"))
    assert (herald.url, herald.name, herald.tags) == ("https://herald.test/feed", "Herald & Co", ("world-news",))
    assert plain.name == "plain.test"


@pytest.mark.parametrize(
    "body", [b"", b"https://gazette.test/feed", b"<html><outline xmlUrl='https://a.test/'/></html>", b"<opml2/>"]
)
def test_what_is_no_subscription_list_is_named_so(body):
    with pytest.raises(Unreadable) as error:
        read_opml(body, "mine.opml")
    assert (error.value.subject, error.value.reason) == ("mine.opml", "not-opml")


def test_a_subscription_list_opens_no_file(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("the-secret")
    doctype = f'<!DOCTYPE opml [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'.encode()
    body = doctype + b'<opml><body><outline text="&x;" xmlUrl="https://a.test/&x;"/></body></opml>'
    assert "the-secret" not in str(read_opml(body))


@pytest.mark.parametrize(
    ("schedule", "fires"),
    [
        ("every 15m", "2026-11-20T10:22:00+00:00"),
        ("every 2 h", "2026-11-20T12:07:00+00:00"),
        ("Every 1d", "2026-11-21T10:07:00+00:00"),
        ("*/15 6-22 * * *", "2026-11-20T10:15:00+00:00"),
        ("7 10 * * *", "2026-11-21T10:07:00+00:00"),
        ("0 0 * * 0", "2026-11-22T00:00:00+00:00"),
        ("0 0 * * 7", "2026-11-22T00:00:00+00:00"),
        ("0 0 * * 1-5", "2026-11-23T00:00:00+00:00"),
        ("0 0 * * fri-mon", "2026-11-21T00:00:00+00:00"),
        ("0 0 * * mon,wednesday", "2026-11-23T00:00:00+00:00"),
        ("0 0 1 jan *", "2027-01-01T00:00:00+00:00"),
    ],
)
def test_a_schedule_names_the_next_poll(schedule, fires):
    now = datetime(2026, 11, 20, 10, 7, tzinfo=UTC)  # a Friday
    assert next_fire(schedule, now).isoformat() == fires


@pytest.mark.parametrize(
    "schedule",
    ["", "hourly", "every 0m", "every 10s", "0 25 * * *", "0 0 31 2 *", "0 0 * * 8", "0 0 * * */0", "* * * *"],
)
def test_a_schedule_that_says_nothing_is_refused(schedule):
    with pytest.raises(ValueError, match=r"schedule|weekday"):
        next_fire(schedule, datetime(2026, 11, 20, tzinfo=UTC))


def test_a_source_may_have_a_daily_budget_of_its_own_which_is_a_whole_number(seed_file):
    entry = "- {name: Gazette, feeds: ['https://gazette.test/feed'], daily_links: 5000}"
    assert [each.daily_links for each in read_seeds(seed_file(entry))] == [5000]
    for wrong in ("0", "many", "-3", "1.5", "true", "'7'"):
        with pytest.raises(ConfigError, match="`daily_links` is a whole number from 1"):
            read_seeds(seed_file(entry.replace("5000", wrong)))
