"""Service Star 服务之星: ratings, complaints and fair leaderboards for hospitals."""

__version__ = "0.2.0.dev0"
