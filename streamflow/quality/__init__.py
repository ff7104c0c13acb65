"""Proofs about the data: conservation, contract checks with their docs, and `verify`."""
