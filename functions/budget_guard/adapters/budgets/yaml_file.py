"""The budgets file on the operator's side: checked whole, and loaded."""

from dataclasses import dataclass
from pathlib import Path

from budget_guard.adapters.budgets.faults import Fault, Grade, spell
from budget_guard.adapters.budgets.model import File
from budget_guard.adapters.budgets.wire import judge
from budget_guard.adapters.budgets.yaml_tree import Document, NotYamlError, Problem, read
from budget_guard.domain.errors import BudgetsFileError
from budget_guard.domain.policy import Policy

LARGEST = 1024 * 1024
"""Bytes; ten times what a thousand budgets need."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found: every problem in the order of the file, and the content if it may be used."""

    path: Path
    problems: tuple[Problem, ...]
    file: File | None

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Return the problems that stop a deployment; none exactly when there is a `file`."""
        return tuple(p for p in self.problems if p.severity is Grade.ERROR)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Return the problems that stop nothing."""
        return tuple(p for p in self.problems if p.severity is Grade.WARNING)


def check(path: Path) -> Report:
    """Return everything that is wrong with the file; `BudgetsFileError` if it cannot be read."""
    text = _text(path)
    try:
        document = read(text)
    except NotYamlError as error:
        return Report(path, (error.problem,), None)
    file, faults = judge(document.tree)
    found = document.problems + [_problem(document, fault) for fault in faults]
    ordered = sorted(found, key=lambda p: (p.line, p.column))
    return Report(path, tuple(ordered), None if document.problems else file)


def load(path: Path) -> Policy:
    """Return the policy that the file says; `BudgetsFileError` lists every error in it."""
    report = check(path)
    if report.file:
        return report.file.to_domain()
    listed = "\n".join(f"  {path}:{p.line}:{p.column}  {p}" for p in report.errors)
    count = len(report.errors)
    message = f"{path} has {count} error{'s' * (count > 1)}; nothing was done with it:\n{listed}"
    raise BudgetsFileError(message)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as source:
            content = source.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        message = f"{path} cannot be read: {reason}. Give the path of a budgets file."
        raise BudgetsFileError(message) from error
    if len(content) > LARGEST:
        message = f"{path} is larger than {LARGEST // 1024} KiB; this is not a budgets file."
        raise BudgetsFileError(message)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{path} is not UTF-8 text (byte {error.start}). Save it as UTF-8."
        raise BudgetsFileError(message) from error


def _problem(document: Document, fault: Fault) -> Problem:
    spot = document.spot(fault.place, of_field=fault.of_field)
    message = fault.message
    if fault.related is not None:
        message += f" (line {document.spot(fault.related).line})"
    return Problem(
        line=spot.line,
        column=spot.column,
        place=spell(fault.place),
        value=fault.value,
        message=message,
        right_form=fault.right_form,
        severity=fault.severity,
    )
