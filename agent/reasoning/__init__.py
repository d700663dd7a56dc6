"""Reasoning that can be checked: cues measured, passages recalled, every sentence with what it rests on."""
