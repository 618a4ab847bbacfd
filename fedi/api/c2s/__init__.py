"""ActivityPub from the client's side: a person's own outbox and inbox, uploads, and eyes elsewhere."""
