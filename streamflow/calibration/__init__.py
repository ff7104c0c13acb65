"""Statistics with intervals, splines, the scorecard's fit: what the notebooks call."""
