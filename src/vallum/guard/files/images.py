"""Pictures decoded under a limit of pixels and written anew: no metadata, no second file in them (ASVS 5.2.6)."""

import io
import warnings
from typing import Any, BinaryIO, Final

from vallum.base.errors import ConfigError
from vallum.guard.files.upload_names import UploadRefusedError

MOST_PIXELS: Final = 40_000_000
_KEPT: Final = ("duration", "transparency")
"""What belongs to the pixels; comments, profiles and EXIF do not."""
_FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WEBP"}


def load_library() -> Any:
    """Import Pillow. Raises `ConfigError` with the command that installs it."""
    try:
        from PIL import Image  # noqa: PLC0415 - an extra, loaded only where pictures are taken
    except ImportError:
        raise ConfigError(
            "pictures are written anew by Pillow, which is not installed.",
            hint='pip install "vallum[files]", or set unsafe_keep_pictures=True.',
            code="extra-missing",
        ) from None
    return Image


def rewrite_image(source: BinaryIO, target: BinaryIO, media_type: str, *, pixels: int = MOST_PIXELS) -> None:
    """Decode the picture in `source` as `media_type` only and write its pixels to `target` in the same format.

    Turned as its metadata says; animations keep their frames. Raises `UploadRefusedError` for what is no such picture,
    is cut short, or has more than `pixels` pixels in all its frames.
    """
    library = load_library()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with library.open(source, formats=[_FORMATS[media_type]]) as picture:
                _check_size(picture, pixels)
                _write(picture, target, _FORMATS[media_type])
    except UploadRefusedError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a decoder makes of a stranger's bytes: this is no picture
        raise UploadRefusedError(f"a picture cannot be decoded ({type(error).__name__}).") from None


def _check_size(picture: Any, pixels: int) -> None:
    if picture.width * picture.height > pixels:
        raise UploadRefusedError(f"a picture has more than {pixels} pixels.", code="upload-pixels")
    if picture.width * picture.height * getattr(picture, "n_frames", 1) > pixels:
        raise UploadRefusedError(f"the frames of a picture have more than {pixels} pixels.", code="upload-pixels")


def _write(picture: Any, target: BinaryIO, form: str) -> None:
    from PIL import ImageOps, ImageSequence  # noqa: PLC0415 - as above

    frames = [ImageOps.exif_transpose(frame.copy()) for frame in ImageSequence.Iterator(picture)]
    for frame in frames:
        frame.info = {name: frame.info[name] for name in _KEPT if name in frame.info}
    first, *others = frames
    written = io.BytesIO()
    if others and form in {"GIF", "WEBP", "PNG"}:
        durations = [frame.info.get("duration", 100) for frame in frames]
        first.save(written, form, save_all=True, append_images=others, duration=durations, loop=0)
    else:
        first.save(written, form, **({"quality": 90} if form in {"JPEG", "WEBP"} else {}))
    target.write(written.getbuffer())
