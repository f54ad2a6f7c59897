"""The outside world: the only rooms that know a wire format."""
