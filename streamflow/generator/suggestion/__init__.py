"""Proposing a mapping for a file that nobody has described: what its columns hold decides, their names only help."""
