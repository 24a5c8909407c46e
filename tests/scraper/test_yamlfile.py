import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.yamlfile import line_of, read_yaml, shown, yaml_text

# Control characters may not stand in YAML, and DEL to APC are dumped as escapes that read back all the same.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
plain = st.none() | st.booleans() | st.integers(-(10**16), 10**16) | texts
trees = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)


@given(trees)
def test_whatever_is_written_as_yaml_reads_back_as_it_was(tree):
    read = read_yaml(yaml_text(tree))
    assert (read.tree, read.mistakes) == (tree, ())


def test_a_country_code_is_not_a_truth_value_and_a_time_of_day_is_not_a_number():
    tree = read_yaml("on: [NO, yes, off, 12:30, 010, 1_000, 2026-11-20, 5, 5.5, true, ~]").tree
    assert tree == {"on": ["NO", "yes", "off", "12:30", "010", "1_000", "2026-11-20", 5, 5.5, True, None]}


def test_every_value_knows_its_line_and_an_absent_one_the_line_around_it():
    lines = read_yaml("# seeds\nde:\n  - name: A\n    home: https://a.example/\n  - name: B\n").lines
    assert line_of(("de", 0, "home"), lines) == 4
    assert line_of(("de", 1), lines) == 5
    assert line_of(("de", 1, "home"), lines) == 5
    assert line_of(("fr",), lines) == 2


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: 1\na: 2\n", 2, 'key "a" stands here twice, first on line 1'),
        ("a: &x [1]\nb: *x\n", 2, "aliases"),
        ("a: 1\nb: !!python/object:os.system x\n", 2, "tags (!!python/object:os.system) are not read here"),
        ("a: !!int x\n", 1, "tags (!!int) are not read here"),
        ("a:\n\tb: 1\n", 2, "indent with spaces"),
        ("a: [1\nb: 2\n", 2, "while parsing a flow sequence"),
        ("a: 1\n---\nb: 2\n", 2, "another document"),
        ("a: 1\n? [b]\n: 2\n", 2, "a key must be a word"),
        ("a: 1\nb: \x07\n", 2, "character U+0007 may not stand in YAML"),
        ("[" * 1_000_000, 1, "nested deeper than 20 levels"),
    ],
)
def test_a_mistake_in_yaml_is_told_with_its_line(text, line, what):
    [(where, said)] = read_yaml(text).mistakes
    assert where == line
    assert what in said


def test_no_number_is_so_long_that_reading_it_takes_time():
    assert read_yaml("a: " + "9" * 100_000).tree == {"a": "9" * 100_000}


def test_a_quoted_value_cannot_move_the_cursor_or_turn_the_line_round():
    assert shown("\x1b[31mred\u202e") == r'"\x1b[31mred\u202e"'
    assert len(shown("x" * 1000)) == 60
