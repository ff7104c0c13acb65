"""The demonstration: the whole platform once through, and a report of what happened."""
