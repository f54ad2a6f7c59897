"""Names turned into hashes: analytics tells keys by name, and two keys may have one."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from budget_guard.domain.costs import NOTHING, summed
from budget_guard.domain.keys import UNKNOWN
from budget_guard.domain.money import NOISE
from budget_guard.domain.observations import Observation
from budget_guard.use_cases.costs.source import Question, Row

type Named = Mapping[str, tuple[str, ...]]


def names(observations: Iterable[Observation]) -> Mapping[str, Named]:
    """Return, for each workspace, the hashes of the keys of each name; deleted ones too."""
    found: dict[str, defaultdict[str, list[str]]] = {}
    for seen in observations:
        key = seen.key
        found.setdefault(key.workspace, defaultdict(list))[key.name].append(key.hash)
    return {
        workspace: {name: tuple(sorted(some)) for name, some in keys.items()}
        for workspace, keys in found.items()
    }


def told_by_hash(
    question: Question, rows: Iterable[Row], named: Named, ask: Callable[[Question], Iterable[Row]]
) -> Iterator[tuple[Row, str]]:
    """Yield each row with whose it is: a hash, or `?` and the name of a key that is not known.

    Keys that share a name are asked for one by one; what none of them spent stays under the name.
    """
    shared = defaultdict[str, list[Row]](list)
    for row in rows:
        name = row.key_name or "without a key"
        match named.get(name, ()):
            case ():
                yield row, UNKNOWN + name
            case (only,):
                yield row, only
            case _:
                shared[name].append(row)
    for name, some in shared.items():
        rest = summed(((row.at, row.label), row.figures) for row in some)
        for key in named[name]:
            for row in ask(replace(question, key=key)):
                rest[row.at, row.label] = rest.get((row.at, row.label), NOTHING) - row.figures
                yield row, key
        for (at, label), figures in rest.items():
            if figures.credits + figures.byok > NOISE:
                yield Row(at, name, label, figures), UNKNOWN + name
