"""YAML as people write it: the plain tree of its texts, and on which line each stands.

Scalars stay exact text (no YAML 1.1 guesses); only a plain null or nothing becomes None.
"""

from dataclasses import dataclass, field
from typing import cast

import yaml
from yaml.error import Mark
from yaml.reader import ReaderError

from budget_guard.adapters.budgets.faults import Grade, Place, quote, spell, tell

_NULLS = {"", "~", "null", "Null", "NULL"}
_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "map", "seq")}
MOST_NODES = 50_000
"""Above it a file is taken for an accident, or for aliases that unfold without end."""
_CONTENT = "write mode, budgets and the other fields, as in infra/budgets.yaml"
_WAYS_OUT = (
    ("alias", 'put quotes around patterns: keys: ["*"]'),
    ("tab", "indent with spaces"),
    ("mapping values", 'put quotes around a text with a colon: "a: b"'),
    ("cannot start any token", "put quotes around the text; a percentage is written 80%"),
    ("another document", "keep one document: remove the line ---"),
    ("", "look at this line, and at quotes, brackets and indentation just before it"),
)
"""Most particular first: the first sign that the cause contains decides."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something stands in a file; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file, for the person who wrote it."""

    line: int
    column: int | None
    place: str
    value: str
    message: str
    right_form: str
    severity: Grade = Grade.ERROR

    def __str__(self) -> str:
        """Return everything but the position, on one line."""
        return tell(self.place, self.value, self.message, self.right_form)


class NotYamlError(Exception):
    """The text is not one YAML document that can be understood; `problem` says why and where."""

    def __init__(self, spot: Spot, message: str, form: str) -> None:
        super().__init__(message)
        self.problem = Problem(spot.line, spot.column, "", "", message, form)


@dataclass(slots=True)
class Document:
    """A YAML document unfolded: `tree`, where each place stands, and what was wrong on the way."""

    tree: object = None
    values: dict[Place, Spot] = field(default_factory=dict)
    fields: dict[Place, Spot] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def spot(self, place: Place, *, of_field: bool = False) -> Spot:
        """Return where `place` stands, or the nearest thing around it that exists."""
        if of_field and place in self.fields:
            return self.fields[place]
        while place not in self.values:
            place = place[:-1]
        return self.values[place]

    def unfold(self, node: yaml.Node, place: Place, above: frozenset[int]) -> object:
        """Return the plain value of `node`, noting the spot of everything in it."""
        spot = _spot(node.start_mark)
        form = "write the values out, without aliases"
        if id(node) in above:
            raise NotYamlError(spot, "this contains itself", form)
        if len(self.values) >= MOST_NODES:
            raise NotYamlError(spot, f"this is too much ({MOST_NODES} values at most)", form)
        self.values[place] = spot
        if node.tag not in _TAGS:
            self._note(spot, place, quote(node.tag), "tags are not understood", "remove the tag")
        match node:
            case yaml.MappingNode():
                return self._mapping(node, place, above | {id(node)})
            case yaml.SequenceNode():
                inside = above | {id(node)}
                return [self.unfold(n, (*place, i), inside) for i, n in enumerate(node.value)]
            case _:
                return _scalar(cast("yaml.ScalarNode", node))

    def _mapping(
        self, node: yaml.MappingNode, place: Place, above: frozenset[int]
    ) -> dict[str, object]:
        found: dict[str, object] = {}
        for name, value in node.value:
            spot = _spot(name.start_mark)
            if not isinstance(name, yaml.ScalarNode):
                self._note(spot, place, "", "a field's name is a word", "write name: value")
                continue
            here = (*place, name.value)
            if name.value in found:
                message = f"this field is there twice (see line {self.fields[here].line})"
                self._note(spot, here, "", message, "remove one of the two")
                continue
            self.fields[here] = spot
            found[name.value] = self.unfold(value, here, above)
        return found

    def _note(self, spot: Spot, place: Place, value: str, message: str, form: str) -> None:
        self.problems.append(Problem(spot.line, spot.column, spell(place), value, message, form))


def read(text: str) -> Document:
    """Return the one YAML document in `text`; raise `NotYamlError` where there is none."""
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
        if node is None:
            raise NotYamlError(Spot(1, 1), "there is nothing in this file", _CONTENT)
        document = Document()
        document.tree = document.unfold(node, (), frozenset())
    except yaml.MarkedYAMLError as error:
        raise NotYamlError(_spot(cast("Mark", error.problem_mark)), *_explained(error)) from error
    except ReaderError as error:
        before = text[: error.position]
        spot = Spot(before.count("\n") + 1, len(before) - before.rfind("\n"))
        form = "save the file as plain UTF-8 text"
        raise NotYamlError(spot, "a character here does not print", form) from error
    except RecursionError as error:
        form = "write the file flat, as in infra/budgets.yaml"
        raise NotYamlError(Spot(1, 1), "this is nested too deeply", form) from error
    except (ValueError, OverflowError) as error:
        form = "look for an escape such as \\UFFFFFFFF, or a %YAML line, and remove it"
        raise NotYamlError(Spot(1, 1), "YAML cannot read a character or number", form) from error
    return document


def _scalar(node: yaml.ScalarNode) -> str | None:
    return None if node.style is None and node.value in _NULLS else str(node.value)


def _spot(mark: Mark) -> Spot:
    return Spot(mark.line + 1, mark.column + 1)


def _explained(error: yaml.MarkedYAMLError) -> tuple[str, str]:
    problem = (error.problem or "").replace("\\t", "tab")
    cause = f"this is not YAML: {' '.join(part for part in (error.context, problem) if part)}"
    return quote(cause, most=200), next(form for sign, form in _WAYS_OUT if sign in cause)
