"""The edge to other servers: what they post to us, and what they read here."""
