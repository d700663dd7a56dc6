"""Labelled text for training: planned, written by a language model, and kept where it passes the gates."""
