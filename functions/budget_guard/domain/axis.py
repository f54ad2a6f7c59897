"""What costs are split by."""

from enum import StrEnum


class Axis(StrEnum):
    """What the money of a key and an hour is split by: the same money each time."""

    MODEL = "model"
    PROVIDER = "provider"
