"""Every change that the schema has been through, oldest first; a file here is never edited once released."""
