"""Proof that the checks are tested: each is deleted in turn, and a test has to fail."""
