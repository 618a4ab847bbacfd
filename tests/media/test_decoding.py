import io
import struct
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from media import decoding, host
from media.decoding import decode, has_alpha
from media.errors import DamagedError, TooLargeError, UnsupportedTypeError

pytestmark = pytest.mark.slow  # large pictures


def gradient(width: int = 48, height: int = 32) -> Image.Image:
    """A picture whose four corners differ: black, red, green, yellow."""
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x * 255 // (width - 1), y * 255 // (height - 1), np.zeros_like(x)], axis=-1)
    return Image.fromarray(pixels.astype(np.uint8))


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + name + data + struct.pack("!I", zlib.crc32(name + data))


def png(width: int, height: int, *, chunks: bytes = b"", pixels: bytes = b"") -> bytes:
    """A PNG with a header of any size, whatever follows."""
    header = png_chunk(b"IHDR", struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0))
    data = png_chunk(b"IDAT", zlib.compress(pixels))
    return b"\x89PNG\r\n\x1a\n" + header + chunks + data + png_chunk(b"IEND", b"")


def frames(kind: str) -> bytes:
    colours = ("red", "green", "blue")
    images = [Image.new("RGB", (16, 16), colour) for colour in colours]
    return encoded(images[0], kind, save_all=True, append_images=images[1:], duration=100)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_every_format_of_the_list_is_decoded(kind: str) -> None:
    decoded = decode(encoded(gradient(), kind))
    assert decoded.image.size == (48, 32)
    assert decoded.image.mode == "RGB"
    assert decoded.lossless == (kind in ("PNG", "GIF"))
    assert decoded.image.info == {}


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "ICO", "PPM", "TGA", "PDF", "EPS", "AVIF", "JPEG2000"])
def test_other_picture_formats_are_refused(kind: str) -> None:
    with pytest.raises(UnsupportedTypeError, match="Only JPEG, PNG, WebP and GIF"):
        decode(encoded(gradient(), kind))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><script>alert(1)</script>",
        b'{"type":"Person","id":"https://victim.example/actor"}',
        b"<?php system($_GET['c']); ?>",
        b"%PDF-1.7",
        b"RIFF\x00\x00\x00\x00WAVEfmt ",
        b"\x7fELF",
        bytes(1000),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedTypeError):
        decode(data)


def test_too_many_bytes_are_refused_before_anything_is_read() -> None:
    with pytest.raises(TooLargeError, match="at most 16 MB"):
        decode(bytes(decoding.BYTES_MAX + 1))


def test_server_and_decoder_agree_on_the_bytes() -> None:
    assert host.UPLOAD_BYTES_MAX == decoding.BYTES_MAX


@pytest.mark.parametrize("size", [(50_000, 50_000), (8001, 5000), (40_000_001, 1), (2**31 - 1, 2**31 - 1)])
def test_header_that_announces_too_many_pixels_is_refused_without_decoding(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", never)
    with pytest.raises(TooLargeError, match="at most 40 megapixels"):
        decode(png(*size))


def test_our_own_pixel_limit_holds_without_that_of_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    with pytest.raises(TooLargeError, match="at most 40 megapixels"):
        decode(png(8001, 5000))


def test_compressed_text_bomb_is_refused() -> None:
    bomb = zlib.compress(b"A" * 200_000_000)
    with pytest.raises((DamagedError, TooLargeError)):
        decode(png(1, 1, chunks=png_chunk(b"zTXt", b"Comment\0\0" + bomb), pixels=b"\0\0\0\0"))


def test_running_out_of_memory_is_the_fault_of_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", load)
    with pytest.raises(TooLargeError):
        decode(encoded(gradient(), "PNG"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("kept", [20, 40, 0.5, 0.9])
def test_truncated_picture_is_damaged(kind: str, kept: float) -> None:
    data = encoded(gradient(200, 200), kind)
    with pytest.raises(DamagedError, match="damaged"):
        decode(data[: int(kept if kept > 1 else len(data) * kept)])


def test_png_with_too_few_pixels_is_damaged() -> None:
    with pytest.raises(DamagedError):
        decode(png(100, 100, pixels=b"\0" * 100))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]), st.data())
def test_corrupted_picture_is_decoded_or_refused_and_nothing_else(kind: str, data: st.DataObject) -> None:
    file = bytearray(encoded(gradient(), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    try:
        decoded = decode(bytes(file), first_frame=True)
    except (DamagedError, TooLargeError, UnsupportedTypeError):
        return
    assert decoded.image.mode in ("RGB", "RGBA")


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animation_is_refused_with_a_sentence(kind: str) -> None:
    with pytest.raises(UnsupportedTypeError, match="Animated pictures cannot be uploaded yet"):
        decode(frames(kind))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_first_frame_of_an_animation_is_taken_when_asked(kind: str) -> None:
    red, green, blue = decode(frames(kind), first_frame=True).image.getpixel((8, 8))
    assert red > 240
    assert max(green, blue) < 15


def test_second_picture_that_phones_hide_in_a_jpeg_is_no_animation() -> None:
    data = encoded(gradient(), "MPO", save_all=True, append_images=[gradient()])
    assert Image.open(io.BytesIO(data)).format == "MPO"
    decoded = decode(data)
    assert decoded.image.size == (48, 32)
    assert not decoded.lossless


# the corners (left top, right top, left bottom) of the upright picture for each orientation of the file
UPRIGHT = {
    1: ("black", "red", "green"),
    2: ("red", "black", "yellow"),
    3: ("yellow", "green", "red"),
    4: ("green", "yellow", "black"),
    5: ("black", "green", "red"),
    6: ("green", "black", "yellow"),
    7: ("yellow", "red", "green"),
    8: ("red", "yellow", "black"),
}
COLOURS = {"black": (0, 0), "red": (255, 0), "green": (0, 255), "yellow": (255, 255)}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_picture_is_turned_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = decode(encoded(gradient(), "JPEG", exif=exif, quality=95)).image
    assert image.size == ((32, 48) if orientation >= 5 else (48, 32))
    corners = [(1, 1), (image.width - 2, 1), (1, image.height - 2)]
    for corner, name in zip(corners, UPRIGHT[orientation], strict=True):
        red, green, _ = image.getpixel(corner)
        assert (red > 127, green > 127) == (COLOURS[name][0] > 127, COLOURS[name][1] > 127), (corner, name)


@pytest.mark.parametrize("exif", [b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0garbage", b"Exif\0\0"])
def test_broken_exif_means_upright(exif: bytes) -> None:
    assert decode(encoded(gradient(), "JPEG", exif=exif)).image.size == (48, 32)


@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_unknown_orientation_means_upright(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert decode(encoded(gradient(), "JPEG", exif=exif)).image.size == (48, 32)


def test_orientation_that_is_no_number_means_upright() -> None:
    text_entry = struct.pack("<HHI4s", 0x0112, 2, 4, b"six\0")
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + text_entry + bytes(4)
    data = encoded(gradient(), "JPEG", exif=exif)
    assert Image.open(io.BytesIO(data)).getexif()[0x0112] == "six"
    assert decode(data).image.size == (48, 32)


def test_print_colours_become_rgb() -> None:
    data = encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG")
    red, green, blue = decode(data).image.getpixel((4, 4))
    assert red > 200
    assert max(green, blue) < 60


def test_print_colours_with_a_broken_profile_become_rgb_all_the_same() -> None:
    data = encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", icc_profile=b"no profile")
    decoded = decode(data)
    assert decoded.image.getpixel((4, 4))[0] > 200
    assert decoded.profile == b""


def test_print_colours_are_converted_through_their_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    # a press profile has half a megabyte and a licence, so its use is watched and its colours made up
    converted = Image.new("RGB", (8, 8), (1, 2, 3))
    monkeypatch.setattr(ImageCms, "profileToProfile", lambda *_, **__: converted)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    decoded = decode(encoded(Image.new("CMYK", (8, 8)), "JPEG", icc_profile=profile))
    assert decoded.image.getpixel((4, 4)) == (1, 2, 3)
    assert decoded.profile == b""


def test_profile_of_other_colours_than_the_picture_has_is_not_used() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", icc_profile=srgb)
    assert decode(data).image.mode == "RGB"


def test_sixteen_bit_grey_is_scaled_and_not_cut_off() -> None:
    wide = Image.fromarray(np.array([[0, 0x4000, 0x8000, 0xFFFF]], dtype=np.uint16))
    image = decode(encoded(wide, "PNG")).image
    assert [image.getpixel((x, 0)) for x in range(4)] == [(v, v, v) for v in (0, 0x40, 0x80, 0xFF)]


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_grey_and_palette_become_rgb(mode: str) -> None:
    image = decode(encoded(Image.new("RGB", (8, 8), "white").convert(mode), "PNG")).image
    assert image.mode == "RGB"
    assert image.getpixel((1, 1)) == (255, 255, 255)


def test_transparent_colour_of_a_palette_is_kept() -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([255, 0, 0, 0, 0, 255])
    palette.putpixel((1, 0), 1)
    image = decode(encoded(palette, "PNG", transparency=0)).image
    assert image.mode == "RGBA"
    assert image.getpixel((0, 0))[3] == 0
    assert image.getpixel((1, 0)) == (0, 0, 255, 255)


def test_grey_with_alpha_is_kept() -> None:
    assert has_alpha(decode(encoded(Image.new("LA", (4, 4), (9, 100)), "PNG")).image)


def test_alpha_that_hides_nothing_is_dropped() -> None:
    assert decode(encoded(Image.new("RGBA", (4, 4), (1, 2, 3, 255)), "PNG")).image.mode == "RGB"


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((3840, 2160), (3840, 2160)),
        ((4000, 3000), (3325, 2494)),
        ((6000, 100), (5000, 83)),
        ((1, 5001), (1, 5000)),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_large_picture_is_scaled_to_what_peers_keep(
    kind: str, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    image = decode(encoded(Image.new("RGB", size, "teal"), kind)).image
    assert image.size == expected
    assert image.width * image.height <= decoding.OUTPUT_PIXELS_MAX


def test_colour_profile_is_kept() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert decode(encoded(gradient(), "JPEG", icc_profile=profile)).profile == profile


@pytest.mark.parametrize(
    "profile",
    [
        b"x" * 200,
        b"\0" * 16 + b"GRAY" + b"\0" * 16 + b"acsp",
        b"\0" * 16 + b"RGB " + b"\0" * 16 + b"acsp" + b"\0" * decoding.PROFILE_BYTES_MAX,
    ],
)
def test_profile_that_is_none_or_a_hiding_place_is_dropped(profile: bytes) -> None:
    assert decode(encoded(gradient(), "PNG", icc_profile=profile)).profile == b""


def test_profile_of_a_grey_picture_does_not_stay_on_the_rgb_one() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert decode(encoded(Image.new("L", (8, 8)), "PNG", icc_profile=profile)).profile == b""


def test_archive_behind_a_picture_is_not_part_of_it() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("Evil.class", "payload")
    assert decode(encoded(gradient(), "GIF") + archive.getvalue()).image.size == (48, 32)
