"""How answers are written. Every noun uses this, so that every list can be had in every format.

A command that lists takes ``output_options(*LIST)`` and hands its items to ``print_list``; one that shows a single
thing takes ``output_options(*ITEM)`` and hands it to ``print_item``. Data goes to stdout, notes to stderr.
"""

from __future__ import annotations

from headrace.cli.output.choice import FORMATS, ITEM, LIST, Output, output_options
from headrace.cli.output.documents import encode, print_json
from headrace.cli.output.lists import print_item, print_list
from headrace.cli.output.notes import note
from headrace.cli.output.tables import Column, Item, print_table

__all__ = [
    "FORMATS",
    "ITEM",
    "LIST",
    "Column",
    "Item",
    "Output",
    "encode",
    "note",
    "output_options",
    "print_item",
    "print_json",
    "print_list",
    "print_table",
]
