"""How it is asked: label sets and prompt templates, as data, and the errors. The lowest folder."""
