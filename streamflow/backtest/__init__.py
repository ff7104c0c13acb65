"""Rule sets on stored purchases: what they would have alerted on, and what that was worth by the labels known then."""
