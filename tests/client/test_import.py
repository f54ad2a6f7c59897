"""Applications import the client: fast, and with nothing else of the guard."""

import subprocess
import sys

HEAVY = (
    *("boto3", "botocore", "httpx", "httpx2", "openai", "pydantic", "aws_lambda_powertools"),
    *("stamina", "asyncio", "urllib3", "logging"),
    *(f"budget_guard.{room}" for room in ("adapters", "domain", "handlers", "use_cases")),
)


def test_importing_it_loads_no_other_library_and_nothing_of_the_guard() -> None:
    program = f"import sys, budget_guard.client; print({{*sys.modules}} & {{*{HEAVY}}})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
