"""What a job store does, as functions over a transaction: one module a verb, or a few that belong together."""
