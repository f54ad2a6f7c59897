"""A place to try budgets: a simulated OpenRouter account and an embedded AWS."""
