"""QR sheets."""
