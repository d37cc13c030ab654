"""What programs say to each other: the requests and replies of every call, as values.

No input or output, and nothing about HTTP: the server and the client share these, and so can any other transport. Data
is JSON as RFC 8259 has it; instants are RFC 3339 with a zone, lengths of time are text with a unit (``"30s"``,
``"1h30m"``) in requests and seconds in replies, in fields that end with ``_s``.
"""
