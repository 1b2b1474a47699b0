"""What bytes are, by how they begin in base64, for those who did not say."""

_BEGINNINGS = (
    ("iVBORw", "image/png"),
    ("/9j/", "image/jpeg"),
    ("R0lGOD", "image/gif"),
    ("UklGR", "image/webp"),
    ("JVBER", "application/pdf"),
)


def guess_media_type(data: str) -> str:
    """The type of an image or a PDF in base64, or `""` for anything else."""
    return next((media_type for beginning, media_type in _BEGINNINGS if data.startswith(beginning)), "")
