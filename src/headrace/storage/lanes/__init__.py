"""What stores on a database share to realise limits, order, turns and ageing: decisions, and no statement of any.

A *lane* is the part of a queue that a key and a limited task share: its jobs are claimable or held back together.
Stores derive lanes from their jobs and keep them in the order in which they are to be served; what is decided about
them is decided here, once. Instants are whole microseconds.
"""
