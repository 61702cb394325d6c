"""Challenges: Instagram asks, a person answers, a run sees whether it holds. Nothing is solved by itself."""
