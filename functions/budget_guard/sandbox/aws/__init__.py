"""Embedded AWS: an emulator on this machine, and the real stack deployed to it by the real CLI."""
