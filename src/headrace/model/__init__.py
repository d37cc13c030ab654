"""Pure values and rules: standard library and msgspec only; no input or output, no event loop, no clock."""
