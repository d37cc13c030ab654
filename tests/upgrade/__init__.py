"""Stores as earlier releases wrote them, and what this release must do with them."""
