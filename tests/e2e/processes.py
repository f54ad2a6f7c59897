"""The processes of this machine, as far as a test started them."""

import subprocess


def descendants(process: int) -> dict[int, str]:
    """The command lines, by id, of all that a process started, and of what those started."""
    parents, commands = {}, {}
    for line in _listed("pid=,ppid=,command="):
        one, parent, command = line.split(None, 2)
        parents[int(one)], commands[int(one)] = int(parent), command
    found: dict[int, str] = {}
    level = {process}
    while level := {one for one, parent in parents.items() if parent in level}:
        found |= {one: commands[one] for one in level}
    return found


def running_still(processes: dict[int, str]) -> dict[int, str]:
    """Those that are there still, under the same id with the same command line."""
    now = dict(line.split(None, 1) for line in _listed("pid=,command="))
    return {one: its for one, its in processes.items() if now.get(str(one)) == its}


def commands_naming(text: str) -> list[str]:
    """The command lines of this machine's processes that have `text` in them."""
    return [command for command in _listed("command=") if text in command]


def _listed(columns: str) -> list[str]:
    listed = subprocess.run(
        ["ps", "-axww", "-o", columns],  # noqa: S607 - wherever the system has it
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.strip() for line in listed.stdout.splitlines() if line.strip()]
