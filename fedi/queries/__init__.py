"""Reads. Every function takes a transaction and returns models or views; nothing here writes."""
