"""Model card and data card: written from what was noted, every field filled or not at all."""
