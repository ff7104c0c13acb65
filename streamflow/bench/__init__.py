"""How fast the platform is, beside a baseline in the same run; medians, and what was measured with what."""
