"""Documents of every kind into passages; one file a kind, `read.py` chooses."""
