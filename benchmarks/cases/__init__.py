"""What is measured: each module has ``measure(folder, scale) -> dict of figures``, run in a process of its own."""
