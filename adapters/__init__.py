"""What enters and what reads it: samples and their readers, the LLM with its weights, exact label scoring."""
