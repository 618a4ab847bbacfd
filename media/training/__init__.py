"""Train the model that ships with fedi, from drawings that this package makes itself.

Nothing here runs in the server. ``python -m media.training all`` goes from no file at all to the
pipeline folder ``media/models/tiny``: draw captioned scenes, train a tokenizer, an autoencoder and a
denoiser on them, and write them in the layout that diffusers loads as a stock pipeline. No picture and
no caption comes from anywhere else, so the weights carry nobody's work.
"""
