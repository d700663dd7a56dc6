"""Serving: the agent over HTTP, for programs and for people. Start reading at `app.py`."""
