"""The guard against its floor: each figure is a median over pairs that were measured by turns."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from tests.benchmarks import processes
from tests.benchmarks.calls import Call, once_each
from tests.benchmarks.measuring import Taken
from tests.benchmarks.server import Server, serving

FUNCTIONS = ("poll", "evaluate")
HANDLERS = ("poll_usage", "evaluate", "enforce", "poll_costs", "headroom", "rotate")
BARE = "import boto3; boto3.client('dynamodb')"
MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: keys of the ordinary and of the large account, and pairs."""

    keys: int = 10_000
    many: int = 100_000
    pairs: int = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One figure and its bound. `ratio` is the median over the pairs, None for an amount."""

    what: str
    ours: float
    floor: float | None
    ratio: float | None
    bound: float
    unit: str = "s"

    @property
    def ok(self) -> bool:
        """Tell whether the bound is kept."""
        return (self.ours if self.ratio is None else self.ratio) <= self.bound


type Pairs = list[tuple[float, float]]


def run(sizes: Sizes) -> Iterator[Line]:
    """Poll and evaluate, beside the same calls made barely."""
    with serving(sizes.keys) as server:
        calls = {function: asked(function, server) for function in FUNCTIONS}
        pairs = [(_ours(server), _floor(calls, server)) for _ in range(sizes.pairs)]
    of = f"poll + evaluate of {sizes.keys:,} keys"
    yield _line(of, [(one.seconds, other.seconds) for one, other in pairs], 1.5)
    yield _line(f"{of}, user CPU", [(one.user, other.user) for one, other in pairs], 2)


def growth(sizes: Sizes) -> Iterator[Line]:
    """Ten times the keys: time beside the smaller account's, and memory of each function."""
    most = dict.fromkeys(FUNCTIONS, 0)
    pairs: Pairs = []
    with serving(sizes.many) as large, serving(sizes.keys) as small:
        for _ in range(sizes.pairs):
            taken = {function: processes.ours(function, large) for function in FUNCTIONS}
            most = {name: max(most[name], one.memory) for name, one in taken.items()}
            pairs.append((_sum(taken.values()).seconds, _ours(small).seconds))
    yield _line(f"{sizes.many:,} keys beside {sizes.keys:,}", pairs, 11)
    for function, memory in most.items():
        what = f"memory, {function} of {sizes.many:,} keys"
        yield Line(what, memory / MB, None, None, 512, "MB")


def deciding(sizes: Sizes) -> Iterator[Line]:
    """Decide for many keys in 50 overlapping budgets, beside reading their JSON."""
    pairs = processes.decision(sizes.many, sizes.pairs)
    yield _line(f"decision, {sizes.many:,} keys in 50 budgets", pairs, 5)


def imports(sizes: Sizes) -> Iterator[Line]:
    """Import a handler's module, beside boto3 and one client; the interpreter's start included."""
    with processes.asset() as asset:
        for handler in HANDLERS:
            codes = (f"import budget_guard.handlers.{handler}", BARE)
            pairs: Pairs = []
            for _ in range(sizes.pairs):
                ours, bare = (processes.importing(code, asset) for code in codes)
                pairs.append((ours, bare))
            yield _line(f"import of {handler}", pairs, 1.5)


ROWS: dict[str, Callable[[Sizes], Iterator[Line]]] = {
    "run": run,
    "growth": growth,
    "decision": deciding,
    "imports": imports,
}


def asked(function: str, server: Server) -> list[Call]:
    """Return what one run of a function asks the servers, each read once."""
    server.asked()
    processes.ours(function, server)
    return once_each(server.asked())


def _ours(server: Server) -> Taken:
    return _sum(processes.ours(function, server) for function in FUNCTIONS)


def _floor(calls: Mapping[str, list[Call]], server: Server) -> Taken:
    return _sum(processes.floor(calls[function], server) for function in FUNCTIONS)


def _sum(taken: Iterable[Taken]) -> Taken:
    each = list(taken)
    return Taken(
        seconds=sum(one.seconds for one in each),
        user=sum(one.user for one in each),
        memory=max(one.memory for one in each),
    )


def _line(what: str, pairs: Pairs, bound: float) -> Line:
    return Line(
        what,
        ours=median(one for one, _ in pairs),
        floor=median(other for _, other in pairs),
        ratio=median(one / other for one, other in pairs),
        bound=bound,
    )
