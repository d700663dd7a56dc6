"""The body: recordings of heart, skin, breath and warmth to features, quality and frames."""
