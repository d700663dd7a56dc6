"""Encoders of voice, face and body that Thymos trains itself, from recordings alone."""
