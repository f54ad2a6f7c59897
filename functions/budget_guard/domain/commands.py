"""The commands that people are given to paste: each is whole, with the reason it asks for."""

from shlex import quote

SHORT_HASH = 12
WHY = '--reason "..."'


def release(key: str) -> str:
    """Return the command that takes the guard's hands off a key."""
    return f"budget-guard release {key[:SHORT_HASH]} {WHY}"


def freeze(key: str) -> str:
    """Return the command that stops a key."""
    return f"budget-guard freeze {key[:SHORT_HASH]} {WHY}"


def rotate(key: str) -> str:
    """Return the command that rotates a key: by its hash, since anybody may have chosen its name."""
    return f"budget-guard rotate {key[:SHORT_HASH]} {WHY}"


def retire(key: str) -> str:
    """Return the command that disables the earlier generations of a key."""
    return f"budget-guard retire {key[:SHORT_HASH]} {WHY}"


def grant(budget: str, key: str | None, usd: int = 20) -> str:
    """Return the command that allows a budget so much more; of one for each key, this `key`."""
    whose = f" --key {key[:SHORT_HASH]}" if key else ""
    return f"budget-guard grant {quote(budget)} {usd}{whose} --for 4h {WHY}"
