"""Training of the encoders of voice, face and body."""
