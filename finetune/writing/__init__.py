"""A writer's training: corpora of people's words in, a LoRA adapter that writes labelled text out."""
