"""Names and addresses in free text, found with the libraries of the extra `pii`.

Nothing outside `library.py` knows those libraries, and nothing here keeps, logs or returns a word of the text.
"""
