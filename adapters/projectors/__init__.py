"""Projectors: frames of an encoder become a few soft tokens of the LLM."""
