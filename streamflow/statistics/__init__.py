"""Estimates with intervals: arrays in, figures out; pure numpy, seeded."""
