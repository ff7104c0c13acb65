"""The simulated world from purchases: amounts, rhythm, behaviour and fraud as generator parameters with evidence."""
