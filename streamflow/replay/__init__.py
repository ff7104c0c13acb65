"""Stored records through the engine that the stream runs, and what its alerts were worth."""
