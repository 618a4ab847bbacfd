"""What clients get: one TypedDict and one pure builder per entity of Mastodon's API.

Every documented key is always there, with null, "" or [] where there is nothing to say, because typed
clients drop a whole page for one missing key.
"""
