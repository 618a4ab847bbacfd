"""Encode what we publish: uploads that were decoded, and pictures that an engine drew.

Nothing of an upload survives but its pixels and its colour profile: every file is decoded
and encoded anew, which removes GPS positions and comments, and turns a file that is also a
script or an archive into one that is only a picture. JPEG is the rule, because peers such
as Pixelfed take JPEG, PNG and GIF only, and because it encodes 30 times faster than WebP;
PNG is kept for flat art and transparency. Runs in child processes only.

Source: Pixelfed's and Mastodon's lists of image types.
"""

import hashlib
import io

import numpy as np
from PIL import Image, PngImagePlugin

from media import blurhash
from media.decoding import decode, has_alpha
from media.engine import Picture
from media.processed import ProcessedImage
from media.provenance import AI_SOURCE_TYPES, Provenance, read_marks, xmp_packet

__all__ = ["finish_generated", "ingest_upload"]

# pixels a side; what Mastodon's clients show in a timeline on a 2x display
THUMBNAIL_SIDE_PX_MAX = 400
# pixels a side; blurhash keeps four waves, for which 64 samples are plenty
_BLURHASH_SIDE_PX = 64
JPEG_QUALITY = 90
THUMBNAIL_QUALITY = 85
# distinct colours up to which a picture counts as flat art, which JPEG would smear
FLAT_COLOURS_MAX = 256
# bytes; a larger PNG is put on white and becomes a JPEG, since peers refuse files above 15 MB
PNG_BYTES_MAX = 8 * 1024 * 1024
# zlib level for PNG: 6 is a quarter smaller than 1 and takes a third of 9's time
_PNG_LEVEL = 6
# Pillow's numbers for colour at full and at half resolution (4:4:4 and 4:2:0)
_FULL_COLOUR, _HALF_COLOUR = 0, 2


def ingest_upload(data: bytes, *, first_frame: bool = False) -> ProcessedImage:
    """Decode a stranger's picture under limits and encode it anew, with thumbnail and blurhash.

    A mark that says "made by a model" is kept as the only metadata, since dropping it would
    unlabel the picture.

    Args:
        data: the file as it came.
        first_frame: take the first frame of an animation instead of refusing it.

    Raises:
        UnsupportedTypeError: not JPEG, PNG, WebP or GIF, or animated.
        TooLargeError: more bytes or pixels than `media.decoding` allows.
        DamagedError: cannot be decoded.
    """
    decoded = decode(data, first_frame=first_frame)
    said = read_marks(data).digital_source_type
    source_type = said if said in AI_SOURCE_TYPES else ""
    flat = decoded.lossless and decoded.image.getcolors(FLAT_COLOURS_MAX) is not None
    return _finish(
        decoded.image,
        png=flat or has_alpha(decoded.image),
        profile=decoded.profile,
        xmp=xmp_packet(source_type) if source_type else b"",
        source_type=source_type,
        subsampling=_HALF_COLOUR,
    )


def finish_generated(picture: Picture, alt: str, provenance: Provenance) -> ProcessedImage:
    """Encode a generated picture with the marks that say so.

    `alt` goes into the file only when `provenance.prompt` does: it is mostly made of the
    prompt's words, and those are published in files only on request.

    Args:
        picture: bare pixels.
        alt: text alternative.
        provenance: of the picture; its prompt, if any, is written into the file.
    """
    image = Image.frombytes("RGB", (picture.width_px, picture.height_px), picture.rgb)
    xmp = xmp_packet(
        provenance.digital_source_type,
        ai_system=f"fedi, {provenance.model}",
        ai_system_version=provenance.revision,
        prompt=provenance.prompt or "",
        alt=alt if provenance.prompt else "",
    )
    source_type = provenance.digital_source_type
    # drawn edges between strong colours fray when colour is stored at half resolution
    return _finish(image, png=False, profile=b"", xmp=xmp, source_type=source_type, subsampling=_FULL_COLOUR)


def _finish(
    image: Image.Image, *, png: bool, profile: bytes, xmp: bytes, source_type: str, subsampling: int
) -> ProcessedImage:
    """Encode `image` and its thumbnail, and describe both."""
    data = _encode_png(image, profile, xmp) if png else b""
    content_type = "image/png"
    opaque = _on_white(image)
    if not data or len(data) > PNG_BYTES_MAX:
        content_type = "image/jpeg"
        data = _encode_jpeg(opaque, JPEG_QUALITY, profile, xmp, subsampling)
    small = opaque.copy()
    small.thumbnail(
        (THUMBNAIL_SIDE_PX_MAX, THUMBNAIL_SIDE_PX_MAX), Image.Resampling.LANCZOS, reducing_gap=3.0
    )
    tiny = small.copy()
    tiny.thumbnail((_BLURHASH_SIDE_PX, _BLURHASH_SIDE_PX), Image.Resampling.BOX)
    return ProcessedImage(
        data=data,
        content_type=content_type,
        width_px=image.width,
        height_px=image.height,
        thumbnail=_encode_jpeg(small, THUMBNAIL_QUALITY, profile, xmp, subsampling),
        thumbnail_type="image/jpeg",
        thumbnail_width_px=small.width,
        thumbnail_height_px=small.height,
        blurhash=blurhash.encode(np.asarray(tiny), *blurhash.components_for(image.width, image.height)),
        sha256=hashlib.sha256(data).hexdigest(),
        digital_source_type=source_type,
    )


def _on_white(image: Image.Image) -> Image.Image:
    """Return `image` without transparency: JPEG has none, and most pages are white."""
    if image.mode == "RGB":
        return image
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def _encode_png(image: Image.Image, profile: bytes, xmp: bytes) -> bytes:
    """Encode as PNG with nothing in it but what is passed."""
    file = io.BytesIO()
    texts = PngImagePlugin.PngInfo()
    if xmp:
        # XMP Specification Part 3, 1.1.5: an uncompressed iTXt chunk of this name
        texts.add_itxt("XML:com.adobe.xmp", xmp.decode())
    image.save(file, "PNG", compress_level=_PNG_LEVEL, icc_profile=profile or None, pnginfo=texts)
    return file.getvalue()


def _encode_jpeg(image: Image.Image, quality: int, profile: bytes, xmp: bytes, subsampling: int) -> bytes:
    """Encode as progressive JPEG with nothing in it but what is passed."""
    file = io.BytesIO()
    image.save(
        file,
        "JPEG",
        quality=quality,
        subsampling=subsampling,
        progressive=True,
        icc_profile=profile or None,
        xmp=xmp,
    )
    return file.getvalue()
