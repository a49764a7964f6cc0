"""Understanding what a person typed: pure, deterministic, words as data in ``lexicon.toml``."""
