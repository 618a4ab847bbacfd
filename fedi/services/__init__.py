"""The verbs. Each takes the context and the caller's transaction, and both doors use the same ones."""
