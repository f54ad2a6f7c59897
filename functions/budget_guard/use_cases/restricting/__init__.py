"""`do: restrict`: keys get a guardrail of cheaper models for a while, and theirs back after it."""
