"""Rules from labelled purchases: what they observe, bands, weights fitted together, threshold, what it is worth."""
