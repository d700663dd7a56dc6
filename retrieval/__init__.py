"""What is known: the emotion knowledge base and its index. Nothing is here until the issue that builds it; no other folder imports it yet."""
