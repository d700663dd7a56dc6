"""Gates: what a synthetic text must pass to be kept, one file each."""
