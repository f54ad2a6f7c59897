"""Signals: what in the costs people should look at, each a pure function of what was told."""
