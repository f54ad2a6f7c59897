"""What people are told where the account allows a key no such life as its successor was to have."""

from datetime import datetime


def too_long(ends_at: datetime | None) -> str:
    """Return why a key that ends then (None: never) may be refused, and the ways out of that."""
    lives = "that has no end" if ends_at is None else "that is too long"
    return (
        f"A successor lives as long as the key before it, and {lives}: where an account has a maximum "
        "key lifetime, OpenRouter refuses such keys, those that exist too, and an end cannot be "
        "changed. Either make a key with an end that is allowed, and let applications read its "
        "secret: budget-guard adopt --new NAME --expires TIME; or change the maximum: "
        "https://openrouter.ai/settings/privacy"
    )
