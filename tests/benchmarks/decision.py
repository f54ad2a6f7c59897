"""The decision alone, and reading the JSON that it rests on, by turns in one process.

As in a handler's run, no garbage is looked for.

`python -m tests.benchmarks.decision KEYS PAIRS` writes the seconds of each pair.
"""

import json
import sys
from collections.abc import Iterable
from decimal import Decimal

from budget_guard.domain.decision import decide
from budget_guard.domain.facts import Facts
from budget_guard.handlers.memory import uncollected
from tests.benchmarks.account import Account
from tests.benchmarks.budgets import overlapping
from tests.benchmarks.measuring import measured


def facts_of(keys: int) -> Facts:
    """Return what is known of so many keys under 50 budgets that overlap, half of which hold
    always, when the guard has brought about all that it wanted.
    """
    return Account(keys, overlapping(keys)).facts()


def main(keys: int, pairs: int) -> None:
    facts = facts_of(keys)
    pages = [page for every in Account(keys).pages().values() for page in every]
    with uncollected():
        taken = [
            (measured(lambda: decide(facts)).seconds, measured(lambda: _read(pages)).seconds)
            for _ in range(pairs)
        ]
    json.dump(taken, sys.stdout)


def _read(pages: Iterable[bytes]) -> list[object]:
    return [json.loads(page, parse_float=Decimal) for page in pages]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
