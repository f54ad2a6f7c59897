"""How these tests write a budgets file and check it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from budget_guard.adapters.budgets import yaml_file
from budget_guard.adapters.budgets.yaml_file import Report

GOOD = """\
mode: enforce
scope: {{workspaces: [prod, "w-*"]}}
protect: ["{digits}", "ci-*"]
safety: {{stale_after: 15m, max_jump: 500, patches_per_second: 5, on_override: respect}}
costs: {{generations: 1 in 100}}
signals:
  unexplained: {{above: 3%}}
  mix_shifted: "off"
  unusual: {{times: 8, at_least: 2.50}}
  fallbacks: {{by: 30%, at_least: 50}}
  loops: "off"
  prices: {{by: 10%, withdrawn_within: 14d}}
account: {{balance_below: 100, runway_below: 72h}}
rotation:
  - keys: [prod-api, "batch-*"]
    every: 48h
    drain: 10m
    drain_max: 12h
    delete_after: 1d
    force: true
    allowance: 2.50
    on_leak: rotate
  - {{keys: ["*"]}}
thresholds:
  - {{at: 80%, severity: warning}}
  - {{at: 100%, severity: critical, do: rotate}}
budgets:
  - name: prod-api
    owner: search-platform
    runbook: https://wiki.example.com/openrouter
    keys: ["prod-*"]
    workspaces: [prod]
    creators: ["user_*"]
    cap: {{daily: 100, weekly: 500, monthly: 1500}}
    hold: always
  - name: developers
    keys: ["dev-*"]
    per_key: true
    include_byok: True
    cap: {{daily: 5}}
    hold: never
    thresholds:
      - {{at: 12.5%, severity: info}}
      - {{at: 50%, severity: warning, do: restrict, restrict_to: cheap models}}
      - {{at: 90%, severity: warning, do: propose-rotation}}
  - name: everything
    keys: ["*"]
    cap: {{monthly: 5000}}
  - name: claude
    keys: ["*"]
    models: ["anthropic/*"]
    cap: {{monthly: 3000}}
  - name: served
    keys: ["prod-*"]
    providers: [Google, Azure]
    cap: {{daily: 0.5}}
    hold: never
""".format(digits="0123456789abcdef" * 4)


@pytest.fixture(scope="session")
def write(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str | bytes], Path]:
    path = tmp_path_factory.mktemp("budgets") / "budgets.yaml"

    def written(content: str | bytes) -> Path:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


@pytest.fixture(scope="session")
def checked(write: Callable[[str | bytes], Path]) -> Callable[[str | bytes], Report]:
    return lambda content: yaml_file.check(write(content))


@pytest.fixture(scope="session")
def good() -> str:
    return GOOD
