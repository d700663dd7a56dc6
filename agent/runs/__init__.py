"""Labelling runs that survive being killed: identity, shards, output files. Start reading at `run.py`."""
