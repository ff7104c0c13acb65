"""Labelled purchases as columns: the public card-fraud files, their published facts, how to fetch and to read them."""
