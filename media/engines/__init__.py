"""The things that draw: each module has a factory `load(folder)` for `media.child`."""
