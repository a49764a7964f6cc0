"""The callback endpoint: signature, decrypt, deduplicate, answer in time."""
