"""The public door `ModelManager`: text for a prompt, by the engine of this process."""
