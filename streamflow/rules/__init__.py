"""Five rules, the scorecard that adds them up, and the engine that runs them over one customer's log."""
