"""Serving: the agent over HTTP, for programs and for people."""
