"""What is known: the emotion knowledge base, and how passages are found by meaning and by words."""
