"""Attacks on our own product that must keep failing."""
