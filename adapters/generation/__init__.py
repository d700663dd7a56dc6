"""The LLM writes: tokens one after another, for many requests at a time."""
