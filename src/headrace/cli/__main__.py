"""``python -m headrace.cli``: the ``headrace`` command of the interpreter it is run with."""

from headrace.cli import main

if __name__ == "__main__":
    main()
