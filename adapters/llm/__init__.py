"""The base LLM: where its weights are, how they are loaded, what it is known by."""
