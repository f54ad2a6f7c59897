"""Rotation: a key's successor is made, proven and put in its place, without a cent more to spend."""
