"""What only the real ledger can meet: DynamoDB's refusals, and its ways to do half the work."""

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
import stamina
from botocore.config import Config
from botocore.stub import ANY, Stubber

from budget_guard.adapters.ledger.dynamodb import DynamoLedger
from budget_guard.domain.errors import (
    GuardError,
    LeaseLost,
    LedgerError,
    LedgerUnavailable,
    SettingsError,
)
from budget_guard.use_cases.leases import Lease
from tests.adapters.ledger import samples
from tests.adapters.ledger.conftest import NOW

LEASE = Lease("enforce", "run-1", NOW)


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3):  # it waits no time between attempts then
        yield


def sdk_client(**options: Any) -> Any:
    return boto3.client(
        "dynamodb",
        region_name="eu-central-1",
        aws_access_key_id="made-up",
        aws_secret_access_key="made-up",
        config=Config(retries={"total_max_attempts": 1}),
        **options,
    )


@pytest.fixture
def stub() -> Iterator[Stubber]:
    """A client that gives scripted answers, each once and in order, and reaches no network."""
    with Stubber(sdk_client()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def ledger(stub: Stubber) -> DynamoLedger:
    client: Any = stub.client
    return DynamoLedger(client, "ledger")


def cancelled(*codes: str) -> dict[str, Any]:
    return {
        "service_error_code": "TransactionCanceledException",
        "modeled_fields": {"CancellationReasons": [{"Code": code} for code in codes]},
    }


def test_what_a_batch_leaves_undone_is_sent_again(stub: Stubber, ledger: DynamoLedger) -> None:
    left = [{"DeleteRequest": {"Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}}}]
    stub.add_response("batch_write_item", {"UnprocessedItems": {"ledger": left}})
    stub.add_response(
        "batch_write_item", {"UnprocessedItems": {}}, {"RequestItems": {"ledger": left}}
    )
    ledger.save(samples.observation())


def test_a_batch_that_is_never_done_fails_loudly(stub: Stubber, ledger: DynamoLedger) -> None:
    left = [{"DeleteRequest": {"Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}}}]
    for _ in range(3):
        stub.add_response("batch_write_item", {"UnprocessedItems": {"ledger": left}})
    with pytest.raises(LedgerUnavailable, match="1 writes to the table ledger undone"):
        ledger.save(samples.observation())


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError"])
def test_a_transaction_that_met_another_is_tried_again(
    stub: Stubber, ledger: DynamoLedger, code: str
) -> None:
    stub.add_client_error("transact_write_items", **cancelled("None", code))
    stub.add_response("transact_write_items", {})
    ledger.save(samples.hold(), lease=LEASE)


def test_transactions_that_always_conflict_fail_loudly(stub: Stubber, ledger: DynamoLedger) -> None:
    for _ in range(3):
        stub.add_client_error("transact_write_items", **cancelled("TransactionConflict", "None"))
    with pytest.raises(LedgerUnavailable, match="met another writer"):
        ledger.save(samples.hold(), lease=LEASE)


def test_a_lost_lease_counts_more_than_a_conflict(stub: Stubber, ledger: DynamoLedger) -> None:
    codes = ("ConditionalCheckFailed", "TransactionConflict")
    stub.add_client_error("transact_write_items", **cancelled(*codes))
    with pytest.raises(LeaseLost, match="enforce"):
        ledger.save(samples.hold(), lease=LEASE)


def test_an_item_that_dynamodb_refuses_is_an_error_and_not_silence(
    stub: Stubber, ledger: DynamoLedger
) -> None:
    stub.add_client_error("transact_write_items", **cancelled("None", "ValidationError"))
    with pytest.raises(LedgerError, match="refuses a request to the table ledger"):
        ledger.save(samples.hold(), lease=LEASE)


@pytest.mark.parametrize(
    ("code", "error", "says"),
    [
        ("ProvisionedThroughputExceededException", LedgerUnavailable, "cannot serve"),
        ("ThrottlingException", LedgerUnavailable, "nothing half-done counts"),
        ("InternalServerError", LedgerUnavailable, "cannot serve"),
        ("AccessDeniedException", SettingsError, "denies access to the ledger's table ledger"),
        ("UnrecognizedClientException", SettingsError, "credentials are of the right account"),
        ("ResourceNotFoundException", SettingsError, "TABLE_NAME"),
        ("ValidationException", LedgerError, "refuses a request"),
    ],
)
def test_each_refusal_is_a_typed_error_whatever_is_asked(
    stub: Stubber, ledger: DynamoLedger, code: str, error: type[GuardError], says: str
) -> None:
    asked: dict[str, Callable[[], object]] = {
        "get_item": lambda: ledger.hold("3fa9"),
        "query": lambda: ledger.audit("3fa9"),
        "put_item": lambda: ledger.acquire(LEASE, now=NOW),
        "delete_item": lambda: ledger.give_back(LEASE),
        "batch_write_item": lambda: ledger.save(samples.POLL),
        "transact_write_items": lambda: ledger.save(samples.POLL, lease=LEASE),
    }
    for operation, ask in asked.items():
        stub.add_client_error(operation, code)
        with pytest.raises(error, match=says) as raised:
            ask()
        assert type(raised.value) is error


def test_a_lease_asked_for_during_its_holders_transaction_is_asked_for_again(
    stub: Stubber, ledger: DynamoLedger
) -> None:
    stub.add_client_error("put_item", "TransactionConflictException")
    stub.add_client_error("put_item", "ConditionalCheckFailedException")
    with pytest.raises(LeaseLost, match="enforce"):
        ledger.acquire(LEASE, now=NOW)
    stub.add_client_error("delete_item", "TransactionConflictException")
    stub.add_response("delete_item", {})
    ledger.give_back(LEASE)


def test_a_broken_connection_is_dynamodb_down() -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{unheard.getsockname()[1]}"
        ledger = DynamoLedger(sdk_client(endpoint_url=endpoint), "ledger")
        with pytest.raises(LedgerUnavailable, match="EndpointConnectionError"):
            ledger.poll_report()


def test_without_credentials_it_says_to_log_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    client = boto3.client("dynamodb", region_name="eu-central-1")
    with pytest.raises(SettingsError, match="Log in, or set AWS_PROFILE"):
        DynamoLedger(client, "ledger").poll_report()


def test_every_read_is_consistent(stub: Stubber, ledger: DynamoLedger) -> None:
    consistent = {"TableName": "ledger", "Key": ANY, "ConsistentRead": True}
    stub.add_response("get_item", {}, consistent)
    ledger.hold("3fa9")
    seen: list[bool] = []
    stub.client.meta.events.register(
        "provide-client-params.dynamodb.Query",
        lambda params, **_: seen.append(params["ConsistentRead"]),
    )
    stub.add_response("query", {"Items": []})
    ledger.incidents()
    assert seen == [True]


def test_a_run_that_saves_from_many_threads_does_not_get_in_its_own_way(table: Any) -> None:
    ledger = DynamoLedger(table, "ledger")
    ledger.acquire(LEASE, now=NOW)
    keys = [f"{number:064x}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: ledger.save(samples.hold(key), lease=LEASE), keys))
    assert set(ledger.holds()) == set(keys)


def test_what_the_sdk_itself_refuses_is_not_taken_for_an_outage() -> None:
    ledger = DynamoLedger(sdk_client(), "ledger")
    not_text: Any = b"evaluate"
    with pytest.raises(LedgerError, match="refuses a request") as raised:
        ledger.give_back(Lease(not_text, "run-1", NOW))
    assert type(raised.value) is LedgerError
