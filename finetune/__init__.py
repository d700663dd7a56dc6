"""Training and measuring: evaluates what `agent` gives."""
