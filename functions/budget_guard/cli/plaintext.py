"""The plaintext of a key, as a person or a script hands it over: never as an argument."""

import re
from collections.abc import Callable
from typing import TextIO

import typer
from pydantic import SecretStr

from budget_guard.domain.errors import RequestError

LONGEST = 500
SECRET = re.compile(r"[!-~]+")


def read_plaintext(stdin: TextIO, ask: Callable[[], str]) -> SecretStr:
    """Return what comes on standard input, or is typed unseen where that is a terminal.

    Raises `RequestError`, which quotes nothing of it, unless it is one word.
    """
    text = (ask() if stdin.isatty() else stdin.read(LONGEST + 2)).strip()
    if not text:
        message = 'No plaintext came on standard input: printf %s "$KEY" | budget-guard adopt NAME'
        raise RequestError(message)
    if len(text) > LONGEST or not SECRET.fullmatch(text):
        message = "What came on standard input is not one key: it must be its plaintext alone."
        raise RequestError(message)
    return SecretStr(text)


def ask_hidden() -> str:
    """Ask the person at the terminal, without an echo."""
    return str(typer.prompt("Plaintext of the key", hide_input=True, err=True))


def require_no_plaintext(text: str | None) -> None:
    """Raise `RequestError` where an argument is a key's plaintext: others can read it there."""
    if text and text.lower().startswith("sk-or-"):
        message = (
            "That is a plaintext, and arguments can be read by others: in the shell's history, and "
            "in the list of processes. Give the key's name, and its plaintext on standard input."
        )
        raise RequestError(message)
