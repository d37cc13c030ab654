"""Our figures and the peers', measured side by side in one run: ``python -m benchmarks`` or ``make bench``.

Every measurement is a process of its own on files of its own. Ours and the peers take turns, so that a slow minute of
the machine hits all of them; of each figure the median is told, with the smallest and the largest.
"""
