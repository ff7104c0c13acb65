"""Baselines of purchases, and how far a live window may lie from them by chance."""
