"""One file per thing a message can be. Each has ``read(message) -> Understanding | None``; ``understand`` orders them."""
