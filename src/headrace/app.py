"""Headrace: the registry of tasks and the composition root."""
