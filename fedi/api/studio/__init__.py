"""Our own API for pictures, `/api/fedi/v1`: what a stock client cannot ask."""
