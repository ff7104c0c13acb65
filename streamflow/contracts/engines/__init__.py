"""Engines: each translates the one list of checks into what a validator, a database or a quality tool runs."""
