"""What people write into config.yaml, right and wrong."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper import config as reading
from scraper.config import as_yaml, read_config, require_contact, schema, seed_files, shipped, watched, with_flags
from scraper.edge import network_settings
from scraper.errors import ConfigError
from scraper.settings import Config, Section, is_section, known
from scraper.yamlfile import read_yaml


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder to run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(text: str, name: str = "config.yaml") -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def refusal(text: str) -> list[str]:
    """What is said, line by line, of a config.yaml with this text."""
    with pytest.raises(ConfigError) as refused:
        read_config(written(text))
    return str(refused.value).splitlines()


def settings(section: type[Section] = Config, above: tuple[str, ...] = ()):
    """(place, field) of every setting, sections included."""
    for key, field in known(section).items():
        yield (*above, key), field
        if is_section(field.annotation):
            yield from settings(field.annotation, (*above, key))


# ── config.yaml, as shipped ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_shipped_file_says_of_every_setting_what_holds_without_it():
    as_shipped = read_config(shipped("config.yaml")).model_dump(mode="json", by_alias=True)
    beside = str(shipped("config.yaml").parent)
    tree = json.loads(json.dumps(as_shipped).replace(beside + "/", ""))
    assert tree == Config().model_dump(mode="json", by_alias=True)


def test_every_setting_stands_in_the_shipped_file_with_the_line_that_explains_it():
    text = shipped("config.yaml").read_text()
    lines = text.splitlines()
    places = read_yaml(text).lines
    for place, field in settings():
        line = lines[places[place] - 1]
        if is_section(field.annotation):
            assert lines[places[place] - 2] == f"# {field.annotation.__doc__}", place
        else:
            assert re.fullmatch(rf"\s*{place[-1]}: \S.* # {re.escape(str(field.description))}", line), place


def test_as_shipped_nothing_is_watched_and_nobody_can_be_reached():
    config = read_config(shipped("config.yaml"))
    assert (config.contact, config.sources.on, config.sources.own) == ("", (), ())


def test_without_a_contact_it_is_said_what_to_set_and_where():
    with pytest.raises(ConfigError) as refused:
        require_contact(read_config(written("archive: {dir: kept}\nsources:\n  on: []\n")))
    assert str(refused.value).splitlines() == [
        "config.yaml:1: contact is empty: set it to an e-mail address or URL that site owners can reach you by",
        "config.yaml:3: no source is switched on: name seeds here, or run `pressmark add URL`",
    ]


def test_who_has_no_file_of_their_own_is_told_to_make_one():
    with pytest.raises(
        ConfigError, match=r"config\.yaml:\d+: contact is empty: copy this file to \./config\.yaml and set"
    ):
        require_contact(read_config(environ={}))


@pytest.mark.parametrize(
    "contact", ["desk@herald.example", "https://herald.example/crawler?who=we", "a.b+c@sub.herald.example"]
)
def test_a_contact_is_an_address_or_a_page(contact):
    config = read_config(written(f"contact: {contact}"))
    require_contact(config)
    assert config.contact == contact


@pytest.mark.parametrize(
    "contact",
    [
        "me",
        "@herald",
        "ftp://herald.example/",
        "a@b.example)",
        r"https://a.example/\\",
        r"a@b.example\r\nX: y",
        "я@herald.example",
        "a b@c.example",
    ],
)
def test_a_contact_that_could_break_the_request_head_is_refused(contact):
    [line] = refusal(f'contact: "{contact}"')
    assert line.startswith("config.yaml:1: contact: ")
    assert line.endswith("is neither an e-mail address nor an http(s) URL in plain ASCII")


# ── where it is looked for ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_file_here_comes_before_the_one_at_home_and_that_before_the_built_in_one():
    home = {"HOME": "home"}
    assert read_config(environ=home).origin == shipped("config.yaml")
    at_home = written("contact: a@home.example", "home/.config/pressmark/config.yaml")
    assert read_config(environ=home).origin == at_home
    here = written("contact: a@here.example")
    assert read_config(environ=home).origin == here
    assert read_config(at_home, environ=home).contact == "a@home.example"


def test_paths_start_at_the_file_that_names_them_and_the_default_archive_where_one_works():
    paths = "archive: {dir: kept}\nsources: {seeds: ~/seeds}\n"
    config = read_config(written(paths, "deep/config.yaml"), environ={"HOME": "/home/ada"})
    assert (config.archive.dir, config.sources.seeds) == (Path("deep/kept"), Path("/home/ada/seeds"))
    silent = read_config(written("", "deep/silent.yaml"))
    assert (silent.archive.dir, silent.sources.seeds) == (Path("pressmark-archive"), Path("deep/seeds"))
    assert read_config(environ={}).archive.dir == Path("pressmark-archive")


def test_own_seed_files_stand_beside_the_shipped_ones_and_replace_those_of_the_same_name():
    names = set(seed_files(read_config(written("contact: ''"))))
    assert names == {path.stem for path in shipped("seeds").glob("*.yaml")}
    added, samples = written("[]", "seeds/added.yaml"), written("[]", "seeds/samples.yaml")
    files = seed_files(read_config(Path("config.yaml")))
    assert set(files) == names | {"added", "samples"}
    assert (files["added"], files["samples"]) == (added, samples)


# ── mistakes ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_mistake_in_a_file_is_told_at_once_each_with_its_line():
    assert refusal("contcat: a@b.example\nnetwork:\n  max-body: 20 MB\n  ports: [http]\n\nnetwork: {}\ndelay: 5\n") == [
        'config.yaml:1: unknown key "contcat" at the top; did you mean "contact"?',
        'config.yaml:3: unknown key "max-body" in section network; did you mean "max_body"?',
        'config.yaml:4: network.ports[0]: must be a whole number, not "http"',
        'config.yaml:6: key "network" stands here twice, first on line 2',
        'config.yaml:7: unknown key "delay" at the top; it belongs in section politeness',
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("network: 5", "network: must be a section of `key: value` lines, not 5"),
        ("- a", "must be a section of `key: value` lines, not ['a']"),
        ("politeness: {delay: soon}", "politeness.delay: 'soon' is no time up to 366 days: write 90 s, 15 min"),
        ("archive: {warc_size: 1 XB}", "archive.warc_size: '1 XB' is no size up to 1000 GB: write 64 kB, 20 MB"),
        ("archive: {warc_size: 1 kB}", "archive.warc_size: must be greater than or equal to 1000000, not"),
        ("archive: {dir: 5}", "archive.dir: must be a path, not 5"),
        ("archive: {dir: \"a\\0b\"}", "archive.dir: a path may not hold U+0000"),
        ("network: {max_redirects: true}", "network.max_redirects: must be a whole number, not True"),
        ("network: {ports: []}", "network.ports: must name one at least"),
        ("network: {connect: 0}", "network.connect: must be greater than 0, not 0"),
        ("network: {exchange: 3 s}", "network.exchange: must not be shorter than connect (10 s)"),
        ("network: {allow_private: [10.0.0.1/8]}", 'network.allow_private[0]: "10.0.0.1/8" is no network in CIDR form'),
        ("network: {connect_to: ['a:80']}", "network.connect_to[0]: 'a:80' is not HOST:PORT:ADDR:PORT"),
        ("network: {max_fields: 8}", "network.max_fields: must be greater than or equal to 32, not 8"),
        ("network: {proxy: 'proxy.example:3128'}", "network.proxy: 'proxy.example:3128' is not http://HOST:PORT"),
        ("network: {proxy: 'http://me:hush@a:1'}", "network.proxy: a proxy is written without user and password"),
        ("network: {ca_file: our.pem}", "network.ca_file: there is no file our.pem"),
        ("network: {verify: false}", 'unknown key "verify" in section network; known are connect, exchange, page'),
        ("sources: {on: de}", 'sources.on: must be a list, not "de"'),
        ("sources: {list: [https://a.example/]}", "sources.list[0]: must be a group of `key: value` lines, not"),
        ("daemon: {poll_most: 1 min}", "daemon.poll_most: must not be shorter than poll_least (5 min)"),
        ("daemon: {look_again: [7 d, 1 h]}", "daemon.look_again: must rise from age to age"),
        ("contact: [", "while parsing a flow node"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_with_what_is_wrong_and_what_would_be_right(text, said):
    [line] = refusal(text)
    assert line.startswith(f"config.yaml:1: {said}")


def test_who_asks_at_the_proxy_stands_in_the_environment_alone():
    environ = {"PRESSMARK_PROXY_USER": "me", "PRESSMARK_PROXY_PASSWORD": "hush", "HTTP_PROXY": "http://elsewhere:1"}
    assert reading.proxy_login(environ=environ) == ("me", "hush")
    assert reading.proxy_login(environ={}) == (None, None)
    assert Config().network.proxy is None


def test_the_door_takes_the_proxy_from_the_file_and_who_asks_from_the_environment(monkeypatch):
    config = read_config(written("network: {proxy: 'http://proxy.example:3128'}"))
    monkeypatch.setenv("PRESSMARK_PROXY_USER", "me")
    monkeypatch.setenv("PRESSMARK_PROXY_PASSWORD", "hush")
    proxy = network_settings(config).proxy
    assert proxy
    assert (proxy.name, proxy.credentials) == ("proxy.example:3128", "Basic bWU6aHVzaA==")
    assert not re.search("hush|bWU6", f"{as_yaml(config)} {network_settings(config)}")


def test_robots_txt_and_certificate_checks_cannot_be_switched_off():
    assert not [place for place, _ in settings() if re.search("robots|verify|insecure|ignore", place[-1])]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"contact: a@b.example\n# \xff\xfe\n", "config.yaml:2: is not UTF-8 here; save the file as UTF-8"),
        (b"#" * (reading.LARGEST + 1), "config.yaml: is larger than 4 MB; is it a settings file?"),
    ],
)
def test_a_file_that_cannot_be_settings_is_refused_in_one_line(content, said):
    Path("config.yaml").write_bytes(content)
    with pytest.raises(ConfigError, match=re.escape(said)):
        read_config()


def test_a_file_that_is_named_must_be_there():
    with pytest.raises(ConfigError, match=r"^away\.yaml: cannot be read: No such file or directory$"):
        read_config(Path("away.yaml"))


def test_a_thousand_mistakes_are_told_in_a_message_that_can_be_read():
    lines = refusal("".join(f"key{n}: 1\n" for n in range(1000)))
    assert lines[-1] == f"and {1000 - reading.MOST} more mistakes"
    assert len(lines) == reading.MOST + 1


def test_a_section_whose_lines_are_all_commented_out_has_its_defaults():
    assert (
        read_config(written("network:\n  # max_redirects: 5\n  ports:\nsources:\n  on:\n")).network == Config().network
    )


@given(st.text(max_size=200))
def test_whatever_a_settings_file_holds_it_is_read_or_refused_with_its_name(text):
    # One name for all examples: hypothesis keeps the folder of the first.
    path = written("", "any.yaml")
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        read_config(path)
    except ConfigError as error:
        lines = str(error).split("\n")
    else:
        lines = []
    assert all(line.startswith(("any.yaml:", "and ")) for line in lines)


# ── what is watched ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_seeds_are_watched_once_switched_on_and_own_sources_always():
    own = "- name: Our Paper\n      home: https://paper.example/\n"
    config = read_config(written(f"sources:\n  on: [samples]\n  list:\n    {own}"))
    assert {source.name for source in watched(config)} >= {"Our Paper", "Caliber.Az"}
    assert [source.name for source in watched(read_config(written(f"sources:\n  list:\n    {own}")))] == ["Our Paper"]


def test_what_was_added_is_watched_without_being_switched_on():
    written("- home: https://paper.example/\n", "seeds/added.yaml")
    assert [source.url for source in watched(read_config(written("")))] == ["https://paper.example/"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sources:\n  on:\n  - samples\n  - sampels\n", r"^config\.yaml:4: `sampels` is no file, .* mean `samples`"),
        (
            "sources:\n  list:\n  - name: A\n    hom: https://a.example/\n",
            r"^config\.yaml:4: `hom` is no field .* `home`",
        ),
        ("sources:\n  list:\n  - name: A\n", r"^config\.yaml:3: an entry needs a `home`"),
    ],
)
def test_a_source_that_cannot_be_watched_is_refused_at_its_line(text, said):
    config = read_config(written(text))
    with pytest.raises(ConfigError, match=said):
        watched(config)


# ── flags, printing, schema ──────────────────────────────────────────────────────────────────────────────────────────


def test_flags_say_the_last_word_where_there_is_one_and_add_where_there_are_several():
    config = read_config(
        written("network:\n  connect_to: ['a.example:80:127.0.0.1:8080']\narchive: {dir: kept}\n", "d/config.yaml")
    )
    flagged = with_flags(
        config, archive=Path("other"), delay="0", connect_to=["b.example:443:127.0.0.1:1"], allow_private=["10.0.0.0/8"]
    )
    assert flagged.network.connect_to == ("a.example:80:127.0.0.1:8080", "b.example:443:127.0.0.1:1")
    assert [str(network) for network in flagged.network.allow_private] == ["10.0.0.0/8"]
    assert (flagged.politeness.delay, flagged.archive.dir, flagged.sources.seeds) == (0, Path("other"), Path("d/seeds"))
    assert with_flags(config).model_dump() == config.model_dump()


def test_a_wrong_flag_is_refused_by_the_name_it_was_given_under():
    with pytest.raises(ConfigError) as refused:
        with_flags(Config(), delay="soon", connect_to=["a:80"], allow_private=["x"])
    flags = [line.partition(": ")[0] for line in str(refused.value).splitlines()]
    assert flags == ["--delay", "--allow-private", "--connect-to"]


def test_what_is_printed_as_the_settings_in_force_reads_back_as_the_same_settings():
    network, sources = "{allow_private: [fd00::/8], connect: 250 ms}", "{on: [NO, tag:x], list: [{name: A}]}"
    config = read_config(written(f"contact: a@b.example\nnetwork: {network}\nsources: {sources}\n"))
    again = read_config(written(as_yaml(config), "again.yaml"))
    assert again.model_dump() == config.model_dump()


def test_own_sources_know_the_line_they_stand_on():
    config = read_config(written("sources:\n  list:\n    - name: A\n      home: https://a.example/\n    - name: B\n"))
    assert [config.where("sources", "list", position) for position in (0, 1)] == ["config.yaml:3", "config.yaml:5"]
    assert config.sources.own[0] == {"name": "A", "home": "https://a.example/"}


def test_the_schema_that_editors_read_knows_every_setting_and_no_other():
    described = schema()
    for place, _ in settings():
        *above, key = place
        part = described if not above else described["$defs"][f"{above[0].capitalize()}Section"]
        assert key in part["properties"]
        assert part["additionalProperties"] is False


def test_the_environment_is_read_in_one_place_only():
    readers = {
        path.name
        for path in Path(reading.__file__).parent.rglob("*.py")
        if re.search(r"os\.environ|getenv", path.read_text())
    }
    assert readers <= {"config.py"}


@pytest.mark.parametrize(
    ("said", "means", "shown"),
    [("auto", None, "auto"), ("500 MB", 500 * 10**6, "500 MB"), ("0", 0, "0 B"), ("", None, "auto")],
)
def test_the_floor_of_free_space_is_a_size_or_auto(said, means, shown):
    config = read_config(written(f"archive:\n  min_free: {said}\n"))
    assert config.archive.min_free == means
    assert config.model_dump(mode="json")["archive"]["min_free"] == shown


def test_a_floor_that_is_no_size_is_refused():
    [line] = refusal("archive:\n  min_free: plenty\n")
    assert "config.yaml:2: archive.min_free: 'plenty' is no size" in line
