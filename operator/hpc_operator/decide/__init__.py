"""Deciding: pure functions from what is desired, observed and recorded to one decision. No I/O, no clock, no chance."""
