"""Draw pictures, clean uploads and store both: a library that knows no server.

Engines and decoders run in child processes (`media.host`); what a server imports of this
package needs neither Pillow nor numpy nor torch, so that it stays small and outlives them.
"""
