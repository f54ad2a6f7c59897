"""The functions' asset, built without Docker: the locked libraries, our package, the budgets.

Two builds of the same sources have the same content, so an unchanged guard is not redeployed.
"""

import shutil
import subprocess
import sys
from enum import StrEnum
from pathlib import Path

import uv

from budget_guard.domain.errors import SettingsError

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ROOT / "functions" / "requirements.txt"
PACKAGE = ROOT / "functions" / "budget_guard"
NOT_SHIPPED = shutil.ignore_patterns(
    "budgets", "cli", "client", "sandbox", "__pycache__", "py.typed"
)

AWS_SERVICES = {"dynamodb", "lambda", "secretsmanager", "sns", "sqs"}
"""What the functions call; botocore describes four hundred others in 25 of the asset's 47 MB."""


class Wheels(StrEnum):
    """Which machine the libraries are for, as uv names it; HOST is the one we are on."""

    ARM64 = "aarch64-manylinux2014"
    X86_64 = "x86_64-manylinux2014"
    HOST = "host"


def build(target: Path, *, wheels: Wheels, budgets: str) -> Path:
    """Fill the new folder `target` with the asset and return it; `budgets` is its budgets.json.

    Raises SettingsError with the tool's own last words when the libraries cannot be installed or
    compiled.
    """
    _install(target, wheels)
    shutil.copytree(PACKAGE, target / "budget_guard", ignore=NOT_SHIPPED)
    (target / "budgets.json").write_text(budgets, encoding="utf-8")
    _drop_what_differs_between_machines(target)
    _drop_what_no_function_calls(target)
    _compile(target)
    return target


def _install(target: Path, wheels: Wheels) -> None:
    # The running interpreter is 3.13 too: uv has to fetch none.
    platform = [] if wheels is Wheels.HOST else ["--python-platform", wheels]
    _run(
        f"The functions' libraries could not be installed for {wheels}; nothing was built.",
        [
            *(uv.find_uv_bin(), "pip", "install", "--quiet", "--target", str(target)),
            *("--python", sys.executable, "--python-version", "3.13", *platform),
            *("--only-binary", ":all:", "--require-hashes", "--link-mode", "copy"),
            *("--no-installer-metadata", "--no-compile-bytecode"),
            *("-r", str(REQUIREMENTS)),
        ],
    )


def _compile(target: Path) -> None:
    """Put bytecode beside the sources: Lambda cannot, and would compile them at every cold start.

    Unchecked, since an archive keeps no times to check by; it names the folder it will lie in.
    """
    _run(
        "The functions could not be compiled; nothing was built.",
        [
            *(sys.executable, "-I", "-m", "compileall", "-q", "-j", "1"),
            *("--invalidation-mode", "unchecked-hash"),
            *("-s", str(target), "-p", "/var/task", str(target)),
        ],
    )


def _run(otherwise: str, command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        msg = f"{otherwise}\n{(done.stderr or done.stdout).strip()}"
        raise SettingsError(msg)


def _drop_what_differs_between_machines(target: Path) -> None:
    """Remove scripts (their first line names this machine's Python), their checksums, caches."""
    shutil.rmtree(target / "bin", ignore_errors=True)
    (target / ".lock").unlink(missing_ok=True)
    for checksums in target.glob("*.dist-info/RECORD"):
        checksums.unlink()
    for cache in sorted(target.rglob("__pycache__")):
        shutil.rmtree(cache)


def _drop_what_no_function_calls(target: Path) -> None:
    for service in (target / "botocore" / "data").iterdir():
        if service.is_dir() and service.name not in AWS_SERVICES:
            shutil.rmtree(service)
