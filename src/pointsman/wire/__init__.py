"""What both ends of the wire share, towards clients and towards providers."""
