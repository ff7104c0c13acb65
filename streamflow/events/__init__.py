"""Typed event models, generated from the contracts."""
