"""The pages that a browser shows: rendered here, complete without JavaScript."""
