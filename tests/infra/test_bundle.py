"""The asset: complete, for the right machine, and the same in every build of the same sources."""

import hashlib
import re
import tomllib
from pathlib import Path

import pytest

from budget_guard.domain.errors import SettingsError
from infra import bundle
from infra.bundle import REQUIREMENTS, ROOT, Wheels

UNCHECKED_HASH = 0b01
"""The flags of PEP 552: by its source's hash, which is not looked at."""


def digest(folder: Path) -> str:
    content = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        content.update(str(file.relative_to(folder)).encode())
        content.update(file.read_bytes() if file.is_file() else b"")
    return content.hexdigest()


@pytest.fixture(scope="module")
def asset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("first") / "asset"
    return bundle.build(target, wheels=Wheels.ARM64, budgets='{"budgets": []}')


def test_two_builds_in_different_places_are_the_same(asset: Path, tmp_path: Path) -> None:
    again = bundle.build(tmp_path / "x", wheels=Wheels.ARM64, budgets='{"budgets": []}')
    assert digest(again) == digest(asset)


def test_nothing_in_it_names_the_machine_that_built_it(asset: Path) -> None:
    assert not (asset / "bin").exists()
    assert not list(asset.rglob("RECORD"))
    own = str(asset.parent).encode()
    assert not [file for file in asset.rglob("*") if file.is_file() and own in file.read_bytes()]


def test_every_module_is_compiled_and_its_bytecode_needs_no_times_to_be_trusted(
    asset: Path,
) -> None:
    for source in asset.rglob("*.py"):
        compiled = source.parent / "__pycache__" / f"{source.stem}.cpython-313.pyc"
        flags = int.from_bytes(compiled.read_bytes()[4:8], "little")
        assert flags == UNCHECKED_HASH, source


def test_a_package_that_does_not_compile_stops_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "budget_guard"
    package.mkdir()
    (package / "broken.py").write_text("def")
    monkeypatch.setattr(bundle, "PACKAGE", package)
    with pytest.raises(SettingsError, match=r"could not be compiled(?s:.*)broken\.py"):
        bundle.build(tmp_path / "asset", wheels=Wheels.HOST, budgets="{}")


def test_it_has_the_package_without_the_operators_part(asset: Path) -> None:
    assert (asset / "budgets.json").read_text() == '{"budgets": []}'
    shipped = {path.name for path in (asset / "budget_guard").iterdir()}
    ours = {path.name for path in bundle.PACKAGE.iterdir()}
    assert shipped - {"__pycache__"} == ours - {
        *("cli", "client", "sandbox", "__pycache__", "py.typed")
    }
    assert not (asset / "budget_guard" / "adapters" / "budgets").exists()
    assert {"domain", "adapters", "handlers"} <= shipped


def test_it_describes_the_aws_services_that_the_functions_call_and_no_others(asset: Path) -> None:
    described = {path.name for path in (asset / "botocore" / "data").iterdir() if path.is_dir()}
    assert described == {"dynamodb", "lambda", "secretsmanager", "sns", "sqs"}


@pytest.mark.parametrize(
    ("wheels", "machine"),
    [(Wheels.ARM64, "aarch64-linux-gnu"), (Wheels.X86_64, "x86_64-linux-gnu")],
)
def test_its_libraries_are_for_the_machine_asked_for(
    wheels: Wheels, machine: str, tmp_path: Path
) -> None:
    built = bundle.build(tmp_path / "asset", wheels=wheels, budgets="{}")
    native = [path.name for path in built.rglob("_pydantic_core*.so")]
    assert native == [f"_pydantic_core.cpython-313-{machine}.so"]


def test_libraries_that_cannot_be_installed_stop_the_build_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = tmp_path / "requirements.txt"
    wrong.write_text("idna==3.20 --hash=sha256:" + "0" * 64)
    monkeypatch.setattr(bundle, "REQUIREMENTS", wrong)
    with pytest.raises(SettingsError, match="could not be installed") as told:
        bundle.build(tmp_path / "asset", wheels=Wheels.HOST, budgets="{}")
    assert "idna" in str(told.value)


def test_the_lock_holds_what_the_project_asks_for_and_no_address() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = set(re.findall(r"^(\S+==\S+)", REQUIREMENTS.read_text(), flags=re.MULTILINE))
    assert set(project["dependencies"]) <= locked
    assert "://" not in REQUIREMENTS.read_text()
