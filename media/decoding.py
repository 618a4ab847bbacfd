"""Decode what strangers upload: under limits, by an allow-list, into upright RGB.

Picture decoders are C code fed by strangers, so this module runs in a child process only,
under memory and processor limits (`media.host.DecodeHost`); the server never imports it.
Everything is judged by the header before a pixel is decoded, because ten thousand bytes of
PNG can announce gigabytes.

Sources: Pillow's notes on decompression bombs; Mastodon's `MediaAttachment` (16 MB and
8 294 400 pixels); EXIF 2.32, 4.6.4, tag 274.
"""

import dataclasses
import io
import struct
import warnings
import zlib
from typing import Final

import numpy as np
import PIL.WebPImagePlugin  # registers the format; Pillow would otherwise import every plug-in to find it
from PIL import Image, ImageCms, ImageFile, UnidentifiedImageError

from media.errors import DamagedError, TooLargeError, UnsupportedTypeError

__all__ = [
    "BYTES_MAX",
    "OUTPUT_PIXELS_MAX",
    "OUTPUT_SIDE_PX_MAX",
    "PIXELS_MAX",
    "Decoded",
    "decode",
    "has_alpha",
]

# bytes of an upload; Mastodon's limit for images
BYTES_MAX = 16 * 1024 * 1024
# pixels that we decode: a 40 MP phone photo is common, and is 120 MB as bare pixels
PIXELS_MAX = 40_000_000
# pixels of what we publish; Mastodon and Pixelfed scale or refuse larger ones
OUTPUT_PIXELS_MAX = 8_294_400
# pixels a side of what we publish: a 1 x 8 000 000 strip is within the area but opens nowhere
OUTPUT_SIDE_PX_MAX = 5000
# bytes; display profiles have 0.5 to 4 kB, table-based ones up to 60; more is a hiding place
PROFILE_BYTES_MAX = 128 * 1024

_ORIENTATION_TAG = 0x0112
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")
_LOSSLESS: Final = frozenset(("PNG", "GIF"))
_PIXELS_SENTENCE: Final = f"Pictures may have at most {PIXELS_MAX // 1_000_000} megapixels."
_ANIMATED_SENTENCE: Final = "Animated pictures cannot be uploaded yet; please choose a still one."
# what Pillow's decoders raise on malformed files, collected from its own fuzz corpus and ours
_DECODER_ERRORS: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    struct.error,
    zlib.error,
)

# EXIF orientation → what makes it upright (EXIF 2.32, 4.6.4, tag 274)
_TRANSPOSITIONS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# This module lives in a process of its own, so Pillow's process-wide settings are ours to make.
Image.MAX_IMAGE_PIXELS = PIXELS_MAX
ImageFile.LOAD_TRUNCATED_IMAGES = False
assert PIL.WebPImagePlugin.SUPPORTED


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """An upload as pixels.

    Attributes:
        image: RGB, or RGBA when some pixel is transparent; upright; nothing in `info`.
        profile: ICC colour profile that the numbers are meant in, or empty for sRGB.
        lossless: whether the upload's format keeps every pixel as it was.
    """

    image: Image.Image
    profile: bytes
    lossless: bool


def decode(data: bytes, *, first_frame: bool = False) -> Decoded:
    """Decode a stranger's picture, no larger than we publish.

    Args:
        data: the file as it came.
        first_frame: take the first frame of an animation instead of refusing it.

    Raises:
        UnsupportedTypeError: not JPEG, PNG, WebP or GIF, or animated.
        TooLargeError: more than `BYTES_MAX` or `PIXELS_MAX`.
        DamagedError: cannot be decoded.
    """
    if len(data) > BYTES_MAX:
        raise TooLargeError(f"Pictures may have at most {BYTES_MAX // 2**20} MB.")
    try:
        with warnings.catch_warnings():
            # Pillow warns of every oddity in a file, and of a bomb as well: only that one matters
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            source = Image.open(io.BytesIO(data), formats=_FORMATS)
            _require_allowed(source, first_frame=first_frame)
            image, profile = _pixels(source)
    except (TooLargeError, UnsupportedTypeError):
        raise
    except UnidentifiedImageError as error:
        refusal = DamagedError if _begins_like_a_picture(data) else UnsupportedTypeError
        raise refusal(detail=str(error)) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLargeError(_PIXELS_SENTENCE, detail=str(error)) from error
    except MemoryError as error:
        raise TooLargeError(detail="out of memory while decoding") from error
    except _DECODER_ERRORS as error:
        raise DamagedError(detail=repr(error)) from error
    return Decoded(image=image, profile=profile, lossless=source.format in _LOSSLESS)


def has_alpha(image: Image.Image) -> bool:
    """Say whether any pixel is less than opaque."""
    if image.mode != "RGBA":
        return False
    lowest, _ = image.getchannel("A").getextrema()
    return isinstance(lowest, int | float) and lowest < 255


def _begins_like_a_picture(data: bytes) -> bool:
    """Tell a damaged picture from something that never was one, by its first bytes."""
    if data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")):
        return True
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def _require_allowed(source: ImageFile.ImageFile, *, first_frame: bool) -> None:
    """Refuse by what the header says, before any pixel is decoded."""
    width_px, height_px = source.size
    if width_px * height_px > PIXELS_MAX:
        raise TooLargeError(_PIXELS_SENTENCE, detail=f"{width_px}x{height_px}")
    # iPhones store a second, hidden picture in a JPEG (MPO); that is no animation
    animated = source.format in ("GIF", "WEBP", "PNG") and getattr(source, "n_frames", 1) > 1
    if animated and not first_frame:
        raise UnsupportedTypeError(_ANIMATED_SENTENCE)


def _pixels(source: ImageFile.ImageFile) -> tuple[Image.Image, bytes]:
    """Decode into RGB or RGBA, upright and within the output limits, with the colour profile to keep."""
    target = _fitting(source.size)
    if source.size != target:
        # JPEG can be decoded at a half, quarter or eighth: a 40 MP photo costs a quarter of the memory
        source.draft(None, target)
    orientation = _orientation(source)
    profile = source.info.get("icc_profile") or b""
    source.load()
    image, profile = _to_rgb(source, profile)
    if orientation in _TRANSPOSITIONS:
        image = image.transpose(_TRANSPOSITIONS[orientation])
    target = _fitting(image.size)
    if image.size != target:
        image = image.resize(target, Image.Resampling.LANCZOS, reducing_gap=3.0)
    image.info = {}  # comments and texts would otherwise be written into the new file
    return image, profile


def _fitting(size: tuple[int, int]) -> tuple[int, int]:
    """Return `size` scaled down, where needed, to `OUTPUT_PIXELS_MAX` and `OUTPUT_SIDE_PX_MAX`."""
    width_px, height_px = size
    scale = min(
        1.0,
        OUTPUT_SIDE_PX_MAX / max(width_px, height_px),
        (OUTPUT_PIXELS_MAX / (width_px * height_px)) ** 0.5,
    )
    return max(1, int(width_px * scale)), max(1, int(height_px * scale))


def _orientation(source: ImageFile.ImageFile) -> int:
    """Return the EXIF orientation 1 to 8; broken EXIF means upright, as viewers have it."""
    try:
        value = source.getexif().get(_ORIENTATION_TAG, 1)
    except _DECODER_ERRORS:
        return 1
    return value if isinstance(value, int) else 1


def _to_rgb(image: Image.Image, profile: bytes) -> tuple[Image.Image, bytes]:
    """Convert any mode to RGB, or to RGBA when something is really transparent."""
    if image.mode.startswith("I"):
        # 16-bit grey: Pillow would cut values off at 255 instead of scaling them
        high_bytes = (np.asarray(image) >> 8).clip(0, 255).astype(np.uint8)
        return Image.fromarray(high_bytes).convert("RGB"), b""
    if image.mode == "CMYK":
        return _from_cmyk(image, profile), b""
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        with_alpha = _in_mode("RGBA", image)
        converted = with_alpha if has_alpha(with_alpha) else with_alpha.convert("RGB")
    else:
        converted = _in_mode("RGB", image)
    # a profile describes the numbers in one colour space; grey, palette or Lab ones no longer fit
    keep = image.mode in ("RGB", "RGBA", "P") and profile[16:20] == b"RGB " and profile[36:40] == b"acsp"
    return converted, profile if keep and len(profile) <= PROFILE_BYTES_MAX else b""


def _in_mode(mode: str, image: Image.Image) -> Image.Image:
    """Convert, where needed: Pillow would also copy 160 MB that are in the right mode already."""
    return image if image.mode == mode else image.convert(mode)


def _from_cmyk(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert print colours through their profile, or plainly where it is missing or broken."""
    if profile:
        try:
            press = ImageCms.getOpenProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                image, press, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, *_DECODER_ERRORS):
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")
