"""Bytes within a URL: `data:image/png;base64,...` taken apart and put together."""

_MOST_HEAD_CHARACTERS = 256


def split_data_url(url: str) -> tuple[str, str] | None:
    """Media type and base64 of a data URL; `None` for any other URL, and for one that is not in base64."""
    if url[:5].lower() != "data:":
        return None
    end = url.find(",", 5, _MOST_HEAD_CHARACTERS)
    head = url[5:end] if end > 0 else ""
    if not head.lower().endswith(";base64"):
        return None
    return head[:-7].partition(";")[0].strip().lower(), url[end + 1 :]


def write_data_url(media_type: str, data: str) -> str:
    """Bytes in base64 as a URL."""
    return f"data:{media_type or 'application/octet-stream'};base64,{data}"
