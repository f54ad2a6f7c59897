"""At most one guardrail for each key, whatever is assigned, taken away and deleted."""

from datetime import UTC, datetime

import httpx
from hypothesis import given
from hypothesis import strategies as st

from budget_guard.sandbox.openrouter import Account, Api, Clock, InProcess

KEYS, GUARDRAILS = 4, 3
steps = st.lists(
    st.tuples(
        st.sampled_from(["assign", "remove", "delete key", "delete guardrail"]),
        st.integers(0, GUARDRAILS - 1),
        st.lists(st.integers(0, KEYS - 1), min_size=1, max_size=KEYS + 1),
    ),
    max_size=12,
)


class Model:
    """Who holds what, as a plain dictionary."""

    def __init__(self, keys: list[str], guardrails: list[str]) -> None:
        self.keys, self.guardrails = set(keys), set(guardrails)
        self.held: dict[str, str] = {}

    def step(self, what: str, guardrail: str, keys: list[str]) -> int | None:
        """Does one step; returns the count that its answer tells, None where it has none."""
        live = {key for key in keys if key in self.keys}
        match what:
            case "assign" if guardrail in self.guardrails:
                self.held |= dict.fromkeys(live, guardrail)
                return len(live)
            case "remove" if guardrail in self.guardrails:
                had = {key for key in live if self.held.get(key) == guardrail}
                self.held = {key: one for key, one in self.held.items() if key not in had}
                return len(had)
            case "delete key":
                self.keys.discard(keys[0])
                self.held.pop(keys[0], None)
            case "delete guardrail":
                self.guardrails.discard(guardrail)
                self.held = {key: one for key, one in self.held.items() if one != guardrail}
        return None


def send(client: httpx.Client, what: str, guardrail: str, keys: list[str]) -> httpx.Response:
    at = f"/guardrails/{guardrail}"
    match what:
        case "assign":
            return client.post(f"{at}/assignments/keys", json={"key_hashes": keys})
        case "remove":
            return client.post(f"{at}/assignments/keys/remove", json={"key_hashes": keys})
        case "delete key":
            return client.delete(f"/keys/{keys[0]}")
        case _:
            return client.delete(at)


@given(steps)
def test_a_key_never_holds_two_guardrails_and_the_lists_agree(
    script: list[tuple[str, int, list[int]]],
) -> None:
    account = Account(clock=Clock(datetime(2026, 11, 18, 12, tzinfo=UTC)))
    keys = [str(account.create_key({"name": str(n)})[1]["hash"]) for n in range(KEYS)]
    guardrails = [account.guardrails.create({"name": str(n)})["id"] for n in range(GUARDRAILS)]
    model = Model(keys, guardrails)
    with httpx.Client(
        transport=InProcess(Api(account)),
        base_url="https://openrouter.invalid/api/v1",
        headers={"authorization": f"Bearer {account.management_key}"},
    ) as client:
        for what, which, whose in script:
            named = [keys[one] for one in whose]
            count = model.step(what, guardrails[which], named)
            answer = send(client, what, guardrails[which], named)
            if count is not None:
                assert [*answer.json().values()] == [count]
        every = client.get("/guardrails/assignments/keys").json()["data"]
        assert len(every) == len(model.held)
        assert {row["key_hash"]: row["guardrail_id"] for row in every} == model.held
        for guardrail in model.guardrails:
            rows = client.get(f"/guardrails/{guardrail}/assignments/keys").json()["data"]
            assert rows == [row for row in every if row["guardrail_id"] == guardrail]
