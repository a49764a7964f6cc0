"""QR images."""
