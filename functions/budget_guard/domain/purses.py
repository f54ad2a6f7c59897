"""One constraint's money in the course of a decision."""

from dataclasses import dataclass

from budget_guard.domain.money import CENT, ZERO, Usd


@dataclass(slots=True)
class Purse:
    """What is left of a constraint, and what its held keys can still spend of it (USD).

    `possible` is the most, whichever limits are in force by now; `settled` is what it comes to
    when every change so far, and every decrease of this plan, has settled.
    """

    left: Usd
    possible: Usd = ZERO
    settled: Usd = ZERO
    owed: Usd = ZERO

    @property
    def free(self) -> Usd:
        """Return what can be given away now: what a decrease frees is free when it has settled."""
        return max(ZERO, self.left - max(self.possible, self.settled))

    @property
    def over(self) -> Usd:
        """Return by how much fences must come down for the invariant."""
        return self.settled - self.left

    @property
    def is_short(self) -> bool:
        """Tell whether more is owed than is free, or will be once all has settled."""
        return self.owed > max(ZERO, self.left - self.settled) + CENT

    def hold(self, possible: Usd, settled: Usd) -> None:
        """Count a held key's exposures."""
        self.possible += possible
        self.settled += settled

    def settle(self, change: Usd) -> None:
        """Count a decrease (negative), which frees nothing yet, or a raise that is possible as it is."""
        self.settled += change

    def pay(self, amount: Usd) -> None:
        """Count a raise: from now on both may be in force."""
        self.possible += amount
        self.settled += amount

    def owe(self, amount: Usd) -> None:
        """Count what somebody who is short still waits for."""
        self.owed += amount
