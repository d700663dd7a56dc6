"""Models that learn to write steps of explanations: what they learn from, and how a run of it goes."""
