"""Costs: read from OpenRouter's analytics and activity, and told by whatever people ask for."""
