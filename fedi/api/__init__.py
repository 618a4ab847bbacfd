"""The edge for clients: Mastodon's API and OAuth, thin over the services."""
