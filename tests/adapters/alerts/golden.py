"""The e-mails as they should read. Run as a module, it writes them anew: read them, then commit."""

from pathlib import Path

from budget_guard.adapters.alerts import mail
from budget_guard.adapters.alerts.wording import subject
from tests.adapters.alerts.samples import ALERTS

FOLDER = Path(__file__).with_name("golden")


def letter(name: str) -> str:
    alert = ALERTS[name]
    return f"Subject: {subject(alert)}\n\n{mail.body(alert, 'BudgetGuard')}"


def path(name: str) -> Path:
    return FOLDER / f"{name}.txt"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for one in ALERTS:
        path(one).write_text(letter(one), encoding="ascii")
