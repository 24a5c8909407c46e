"""YAML as people write it, with the line of every value: what config.yaml and seeds/*.yaml are read by.

Only `true`, `false`, `null` and decimal numbers are more than text (YAML 1.2, 10.3), so that the key `on`, the country
NO and the time 12:30 stay what they look like. Aliases and tags are refused: nobody needs them here, and a file of a
few bytes that unfolds to gigabytes is made of aliases.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from archive.secrets import shown as masked
from archive.secrets import without_userinfo

Place = tuple[str | int, ...]  # keys and list positions from the top: ("sources", "list", 3, "name")

DEEPEST = 20  # nested lists and sections; settings need five
TAG = "tag:yaml.org,2002:"
# Numbers end at 17 digits: int() refuses thousands of them, and no setting has so many.
PLAIN = {
    "null": (r"~|null|Null|NULL|", ("", *"~nN")),
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?(?:0|[1-9][0-9]{0,16})", "-+0123456789"),
    "float": (r"[-+]?(?:0|[1-9][0-9]{0,16})\.[0-9]{1,17}", "-+0123456789"),
}


@dataclass(frozen=True, slots=True)
class Written:
    """A YAML file as plain values, with the line each stands on, and what is wrong with it."""

    tree: object  # dicts with text keys, lists, str, int, float, bool, None
    lines: Mapping[Place, int]  # from 1; of a key where there is one
    mistakes: tuple[tuple[int, str], ...]  # (line, what); a file that is no YAML has one, and None as its tree


def line_of(place: Place, lines: Mapping[Place, int]) -> int:
    """The line of a place, or of the nearest place around it that is written down."""
    return next((lines[place[:n]] for n in range(len(place), -1, -1) if place[:n] in lines), 1)


def read_yaml(text: str) -> Written:
    """The one document in text; every mistake in it is in `mistakes`, none is raised."""
    try:
        node = _Loader(text).get_single_node()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        return Written(None, {}, ((line, f"character U+{int(error.character):04X} may not stand in YAML"),))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return Written(None, {}, ((mark.line + 1 if mark else 1, _what(error)),))
    walk = _Walk()
    tree = walk.value(node, ()) if node else None
    return Written(tree, walk.lines, tuple(walk.mistakes))


def yaml_text(tree: object) -> str:
    """The tree as YAML text that read_yaml reads back as it was; plain lists take one line."""
    return yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=120)


def _what(error: yaml.MarkedYAMLError) -> str:
    """PyYAML's two half sentences as one; it writes "while scanning …" and "found …" on lines of their own."""
    said = ": ".join(part for part in (error.context, error.problem) if part)
    return f"{said}; indent with spaces" if r"'\t'" in said else said


class _Loader(yaml.SafeLoader):
    """Reads YAML into nodes, and refuses what could make a small file a large one."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]  # types-PyYAML leaves it out
        if self.check_event(yaml.AliasEvent):
            _refuse("aliases (*name) are not read here, write the value out", event)
        if event.tag is not None:
            _refuse(f"tags ({event.tag.replace(TAG, '!!')}) are not read here", event)
        if self.depth == DEEPEST:
            _refuse(f"nested deeper than {DEEPEST} levels", event)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _refuse(problem: str, event: Any) -> NoReturn:
    raise yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)


class _Dumper(yaml.SafeDumper):
    """Writes what _Loader reads: no quotes round `on`, plain lists on one line."""

    def represent_str(self, text: str) -> yaml.ScalarNode:
        # PyYAML breaks lines at U+0085, U+2028 and U+2029 and reads blanks back; in double quotes they are escapes.
        return self.represent_scalar(f"{TAG}str", text, style=None if text.isprintable() else '"')

    def represent_list(self, values: Iterable[object]) -> yaml.SequenceNode:
        plain = not any(isinstance(value, list | dict) for value in values)
        return self.represent_sequence(f"{TAG}seq", values, flow_style=plain)


_Dumper.add_representer(str, _Dumper.represent_str)
_Dumper.add_representer(list, _Dumper.represent_list)


for kind in (_Loader, _Dumper):
    kind.yaml_implicit_resolvers = {}
    for name, (pattern, starts) in PLAIN.items():
        kind.add_implicit_resolver(f"{TAG}{name}", re.compile(f"(?:{pattern})$"), starts)


@dataclass(slots=True)
class _Walk:
    """From PyYAML's nodes to plain values, noting lines and mistakes on the way."""

    lines: dict[Place, int] = field(default_factory=dict)
    mistakes: list[tuple[int, str]] = field(default_factory=list)

    def value(self, node: yaml.Node, place: Place) -> object:
        self.lines.setdefault(place, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self.section(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(each, (*place, position)) for position, each in enumerate(node.value)]
        return self.scalar(node)

    def section(self, node: yaml.MappingNode, place: Place) -> dict[str, object]:
        section: dict[str, object] = {}
        for key, node_of_value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self.mistakes.append((line, "a key must be a word, not a list or section"))
            elif key.value in section:
                first = self.lines[(*place, key.value)]
                self.mistakes.append((line, f"key {shown(key.value)} stands here twice, first on line {first}"))
            else:
                self.lines[(*place, key.value)] = line
                section[key.value] = self.value(node_of_value, (*place, key.value))
        return section

    def scalar(self, node: yaml.Node) -> str | int | float | bool | None:
        text = str(node.value)
        match node.tag.removeprefix(TAG):
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int":
                return int(text)
            case "float":
                return float(text)
        return text


def shown(value: object) -> str:
    """A value as a message quotes it: text in double quotes, nothing a terminal would obey, at most 60 characters.

    Without credentials.
    """
    # Masked before it is cut: of half a URL nobody could tell what is the password.
    bare = masked(without_userinfo(value)) if isinstance(value, str) else masked(repr(value))
    quoted = f'"{repr(bare)[1:-1]}"' if isinstance(value, str) else bare
    return quoted if len(quoted) <= 60 else f"{quoted[:59]}…"
