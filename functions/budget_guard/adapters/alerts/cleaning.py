"""Makes alerts fit to be shown: whoever may name a key must not thereby forge or break one."""

import re
import unicodedata
from dataclasses import replace

from budget_guard.domain.alerts import Alert, Entry

LONGEST_NAME = 60
LONGEST_TEXT = 500
MOST_CONTRIBUTORS = 3
MOST_INVISIBLE = 4
"""How many characters are read for each that may be shown."""
ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.")
SECRET = re.compile(r"sk-or-[\w.\-]*", re.IGNORECASE)
MASK = "sk-or-***"


def clean(alert: Alert) -> Alert:
    """Return the alert with every text one line, of bounded length, without keys' secrets."""
    return replace(alert, entries=tuple(_entry(one) for one in alert.entries))


def one_line(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return `text` without line breaks, control and invisible characters, and secrets; cut."""
    # Bounded before it is looked at: a name may be of any length.
    shown = text[: longest * MOST_INVISIBLE]
    if not shown.isprintable():
        shown = "".join(_character(one) for one in ESCAPE.sub("", shown))
    masked = SECRET.sub(MASK, " ".join(shown.split()))
    return cut(masked, longest)


def cut(text: str, longest: int) -> str:
    """Return at most `longest` characters of `text`, whole words if it can; dots for the rest."""
    if len(text) <= longest:
        return text
    kept = text[: longest - 3]
    words = kept.rpartition(" ")[0]
    return f"{(words if len(words) > longest * 3 // 4 else kept).rstrip(' ,;:.')}..."


def ascii_only(text: str) -> str:
    """Return `text` in ASCII: letters without their accents, anything else as a question mark."""
    plain = unicodedata.normalize("NFKD", text)
    letters = "".join(one for one in plain if not unicodedata.combining(one))
    return letters.encode("ascii", "replace").decode("ascii")


def _character(one: str) -> str:
    if one.isspace():
        return " "
    return "" if unicodedata.category(one).startswith("C") else one


def _entry(entry: Entry) -> Entry:
    """Clean each text; a long name is cut also where a sentence quotes it, not the sentence."""
    name = one_line(entry.key_name, LONGEST_NAME) if entry.key_name is not None else None

    def sentence(text: str) -> str:
        quoted = text.replace(entry.key_name, name or "") if entry.key_name else text
        return one_line(quoted)

    def maybe(text: str | None) -> str | None:
        return sentence(text) if text else None

    return replace(
        entry,
        incident=one_line(entry.incident),
        text=sentence(entry.text),
        budget=one_line(entry.budget, LONGEST_NAME) if entry.budget else None,
        owner=one_line(entry.owner, LONGEST_NAME) if entry.owner else None,
        key=one_line(entry.key) if entry.key else None,
        key_name=name or None,
        contributors=tuple(
            (one_line(one, LONGEST_NAME), usd)
            for one, usd in entry.contributors[:MOST_CONTRIBUTORS]
        ),
        action=maybe(entry.action),
        todo=maybe(entry.todo),
        undo=maybe(entry.undo),
        runbook=one_line(entry.runbook) if entry.runbook else None,
    )
