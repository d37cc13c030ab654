"""The client that blocks. All files but this one and ``pausing.py`` are made from ``headrace.client.aio``."""
