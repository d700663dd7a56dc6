"""Labelled corpora as batches of instructions: what a model is tuned on."""
