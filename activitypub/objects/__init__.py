"""The things that activities are about: actors, posts, their attachments and tags, collections, tombstones.

One frozen dataclass per module, with `from_json` and `to_json` side by side, holding only what this
project uses. The bytes that arrived are kept elsewhere for audit, so nothing here has to be lossless for
strangers' documents; what we write ourselves reads back equal.
"""

__all__: list[str] = []
