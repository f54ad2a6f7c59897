"""What `adopt` says: where the key is now, how it is read, and when it is rotated."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from budget_guard.cli.telling import indented, safe, safe_name, spoken_every, warn_of_delay
from budget_guard.use_cases.rotation.adopted import Adopted

A_MONTH = "0.40"
"""What AWS bills for a secret, in USD a month."""
AS_TEXT = "--query SecretString --output text"
READING = (
    "it is JSON: api_key, hash, name, rotated_at. Applications need secretsmanager:GetSecretValue "
    "on that ARN, and read it again every few minutes: who reads it once, at start, goes on with "
    "the old key until that is disabled"
)


def show_adopted(done: Adopted, console: Console) -> None:
    """Print it; what is to be copied stays on one line."""
    console.print(
        safe(f"{safe_name(done.name)} ({done.key[:12]}) is under rotation.", "bold green")
    )
    for told in _made(done):
        console.print(indented(safe(told)))
    read = f"aws secretsmanager get-secret-value --secret-id {done.secret} {AS_TEXT}"
    bill = f"{done.secret_name}, {A_MONTH} USD a month at AWS"
    for what, told in (("secret", bill), ("arn", done.secret), ("read by", read)):
        console.print(Text(f"  {what:8}") + safe(told), soft_wrap=True)
    for told in (READING, *_schedule(done)):
        console.print(indented(safe(told)))
    warn_of_delay(done.problem, console)


def _made(done: Adopted) -> Iterator[str]:
    if done.settings is None:
        return
    yield f"made at OpenRouter with {done.settings}; nobody has seen its plaintext"
    if done.held_by:
        by = ", ".join(done.held_by)
        yield f"it may spend nothing before the next evaluation, which gives it its share of {by}"
    elif done.is_unbounded:
        yield "NOTHING bounds what it may spend: no budget holds it, and it has no --limit"
    else:
        yield "no budget holds it: its own limit is all that bounds it"


def _schedule(done: Adopted) -> Iterator[str]:
    if done.first is None or done.every_hours is None:
        yield (
            "it is not rotated yet: no rule of the deployed budgets file is for it; its schedule "
            "follows by itself when this is deployed:"
        )
        yield f'rotation: [{{keys: ["{safe_name(done.name)}"], every: 30d}}]'
        return
    every = spoken_every(done.every_hours)
    but = f"; but not as long as {done.put_off}" if done.put_off else ""
    yield f"it is rotated every {every}, first about {done.first:%Y-%m-%d}, never at once{but}"
