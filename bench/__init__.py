"""Measures how fast Reading List is, side by side with a floor: `make bench`. How to read it: docs/bench.md."""
