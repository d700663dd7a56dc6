"""Exact label probabilities from a causal language model, many rows at a time."""
