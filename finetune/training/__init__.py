"""The training loop and what is put into it: the model, the objective, checkpoints, curves."""
