"""The client for an event loop. ``headrace.client.blocking`` is made from these files; see decision 45."""
