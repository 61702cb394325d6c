"""One file per way of driving an account. Foreign errors are translated here and nowhere else."""
