import hashlib
import io

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from media import blurhash, images
from media.decoding import OUTPUT_PIXELS_MAX
from media.engine import Picture
from media.engines.painted import PaintedEngine
from media.images import FLAT_COLOURS_MAX, finish_generated, ingest_upload
from media.processed import OUTPUT_TYPES, ProcessedImage
from media.provenance import TRAINED_ALGORITHMIC_MEDIA, Provenance, read_marks, xmp_packet
from media.request import ImageRequest

pytestmark = pytest.mark.slow  # large pictures


def photo(width: int = 640, height: int = 480) -> Image.Image:
    """Smooth colours with grain, of which a camera makes thousands."""
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x * 255 / width, y * 255 / height, (x + y) * 255 / (width + height)], axis=-1)
    grain = np.random.default_rng(1).integers(0, 8, pixels.shape)
    return Image.fromarray((pixels + grain).clip(0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def with_gps() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return exif


def painted(width: int = 1024, height: int = 768) -> Picture:
    request = ImageRequest(prompt="a boat", width_px=width, height_px=height, seed=1)
    return PaintedEngine().generate(request, lambda *_: None, lambda: False)


def require_consistent(image: ProcessedImage) -> None:
    for data, kind, width, height in (
        (image.data, image.content_type, image.width_px, image.height_px),
        (image.thumbnail, image.thumbnail_type, image.thumbnail_width_px, image.thumbnail_height_px),
    ):
        assert data.startswith(OUTPUT_TYPES[kind])
        assert opened(data).size == (width, height)
    assert image.sha256 == hashlib.sha256(image.data).hexdigest()
    assert blurhash.is_valid(image.blurhash)
    assert max(image.thumbnail_width_px, image.thumbnail_height_px) <= 400
    assert ProcessedImage.from_parts(*image.to_parts()) == image


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_photo_becomes_a_jpeg_with_a_thumbnail(kind: str) -> None:
    image = ingest_upload(encoded(photo(), kind))
    require_consistent(image)
    assert (image.content_type, image.width_px, image.height_px) == ("image/jpeg", 640, 480)
    assert (image.thumbnail_width_px, image.thumbnail_height_px) == (400, 300)
    assert blurhash.components_for(640, 480) == (4, 3)
    assert len(image.blurhash) == 4 + 2 * 12


def test_picture_looks_as_before() -> None:
    before = np.asarray(photo()).astype(int)
    after = np.asarray(opened(ingest_upload(encoded(photo(), "PNG")).data)).astype(int)
    assert np.abs(before - after).mean() < 3


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_flat_art_stays_lossless(kind: str) -> None:
    flat = Image.new("RGB", (64, 64), "navy")
    flat.paste("white", (10, 10, 30, 30))
    image = ingest_upload(encoded(flat, kind))
    require_consistent(image)
    assert image.content_type == "image/png"
    assert list(opened(image.data).convert("RGB").tobytes()) == list(flat.tobytes())


@pytest.mark.parametrize(
    ("colours", "content_type"), [(FLAT_COLOURS_MAX, "image/png"), (FLAT_COLOURS_MAX + 1, "image/jpeg")]
)
def test_flat_art_is_told_by_its_colours(colours: int, content_type: str) -> None:
    pixels = np.zeros((1, colours, 3), np.uint8)
    pixels[0, :, 0] = np.arange(colours) % 256
    pixels[0, :, 1] = np.arange(colours) // 256
    assert ingest_upload(encoded(Image.fromarray(pixels), "PNG")).content_type == content_type


def test_flat_jpeg_stays_a_jpeg() -> None:
    assert ingest_upload(encoded(Image.new("RGB", (64, 64)), "JPEG")).content_type == "image/jpeg"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_transparency_is_kept_and_white_in_the_thumbnail(kind: str) -> None:
    image = photo().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    processed = ingest_upload(encoded(image, kind, lossless=True))
    require_consistent(processed)
    assert processed.content_type == "image/png"
    assert opened(processed.data).mode == "RGBA"
    assert min(opened(processed.thumbnail).getpixel((200, 1))) > 240


def test_transparent_picture_that_peers_would_refuse_becomes_a_jpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "PNG_BYTES_MAX", 1000)
    image = photo().convert("RGBA")
    image.putalpha(128)
    processed = ingest_upload(encoded(image, "PNG"))
    require_consistent(processed)
    assert processed.content_type == "image/jpeg"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_place_camera_and_comments_are_removed(kind: str) -> None:
    options: dict = {"exif": with_gps(), "xmp": b"<x:xmpmeta>SecretXmp</x:xmpmeta>"}
    if kind == "JPEG":
        options["comment"] = b"SecretComment"
    if kind == "PNG":
        texts = PngImagePlugin.PngInfo()
        texts.add_text("Author", "SecretAuthor")
        texts.add_itxt("XML:com.adobe.xmp", "SecretXmp")
        options["pnginfo"] = texts
    upload = encoded(photo(), kind, **options)
    assert b"Secret" in upload
    image = ingest_upload(upload)
    require_consistent(image)
    for data in (image.data, image.thumbnail):
        clean = opened(data)
        assert dict(clean.getexif()) == {}
        assert not {"comment", "xmp", "Author", "exif"} & set(clean.info)
        for trace in (b"Secret", b"Exif", b"GPS", b"xmpmeta"):
            assert trace not in data
    assert (image.width_px, image.height_px) == (480, 640)  # turned upright by the tag that is gone


@pytest.mark.parametrize(
    "tail",
    [b"PK\x03\x04 archive", b"<script>alert(1)</script>", b"<?php system($_GET[0]); ?>", b"#!/bin/sh\n"],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_second_nature_of_a_file_does_not_survive(kind: str, tail: bytes) -> None:
    image = ingest_upload(encoded(photo(), kind) + tail)
    assert tail not in image.data
    assert tail not in image.thumbnail


def test_script_in_a_comment_does_not_survive() -> None:
    image = ingest_upload(encoded(photo(), "JPEG", comment=b"<script>alert(1)</script>"))
    assert b"<script>" not in image.data


def test_colour_profile_stays_on_both_files() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = ingest_upload(encoded(photo(), "JPEG", icc_profile=profile))
    assert opened(image.data).info["icc_profile"] == profile
    assert opened(image.thumbnail).info["icc_profile"] == profile


def test_mark_of_an_uploaded_generated_picture_is_kept_and_nothing_else_of_it() -> None:
    packet = xmp_packet(TRAINED_ALGORITHMIC_MEDIA, ai_system="Other", prompt="a secret prompt")
    image = ingest_upload(encoded(photo(), "JPEG", xmp=packet))
    assert image.digital_source_type == TRAINED_ALGORITHMIC_MEDIA
    for data in (image.data, image.thumbnail):
        assert read_marks(data).digital_source_type == TRAINED_ALGORITHMIC_MEDIA
        assert b"secret prompt" not in data
        assert b"Other" not in data


def test_mark_of_a_generated_flat_picture_is_kept_in_the_png() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", xmp_packet(TRAINED_ALGORITHMIC_MEDIA).decode())
    image = ingest_upload(encoded(Image.new("RGB", (8, 8), "navy"), "PNG", pnginfo=texts))
    require_consistent(image)
    assert image.content_type == "image/png"
    assert read_marks(image.data).digital_source_type == TRAINED_ALGORITHMIC_MEDIA
    assert read_marks(image.thumbnail).digital_source_type == TRAINED_ALGORITHMIC_MEDIA


def test_mark_of_a_camera_is_not_kept() -> None:
    packet = xmp_packet("http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture")
    image = ingest_upload(encoded(photo(), "JPEG", xmp=packet))
    assert image.digital_source_type == ""
    assert b"xmpmeta" not in image.data


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1), (2, 2)])
def test_thinnest_pictures_have_thumbnail_and_blurhash(size: tuple[int, int]) -> None:
    require_consistent(ingest_upload(encoded(Image.new("RGB", size, "red"), "PNG")))


def test_large_photo_fits_what_peers_keep() -> None:
    image = ingest_upload(encoded(Image.new("RGB", (6000, 4000), "teal"), "JPEG"))
    require_consistent(image)
    assert image.width_px * image.height_px <= OUTPUT_PIXELS_MAX


def test_generated_picture_is_a_marked_jpeg() -> None:
    picture = painted()
    image = finish_generated(picture, "A boat. AI-generated image.", Provenance.of(picture))
    require_consistent(image)
    assert (image.content_type, image.width_px, image.height_px) == ("image/jpeg", 1024, 768)
    assert image.digital_source_type == TRAINED_ALGORITHMIC_MEDIA
    for data in (image.data, image.thumbnail):
        marks = read_marks(data)
        assert marks.digital_source_type == TRAINED_ALGORITHMIC_MEDIA
        assert (marks.ai_system, marks.ai_system_version) == ("fedi, painted", "1")
        assert b"boat" not in data


def test_prompt_and_alt_are_in_the_file_when_asked_for() -> None:
    picture = painted()
    image = finish_generated(
        picture, "A boat. AI-generated image.", Provenance.of(picture, prompt="a <red> boat")
    )
    assert read_marks(image.data).prompt == "a <red> boat"
    assert b"A boat. AI-generated image." in image.data


def test_same_picture_gives_the_same_bytes() -> None:
    picture = painted()
    first = finish_generated(picture, "", Provenance.of(picture))
    assert finish_generated(picture, "", Provenance.of(picture)) == first
