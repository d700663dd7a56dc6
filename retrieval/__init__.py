"""What is known: the emotion knowledge base and its index; empty until that issue is built."""
