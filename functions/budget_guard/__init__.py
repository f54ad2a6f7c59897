"""Budget Guard: holds daily, weekly and monthly budgets on OpenRouter API keys."""
