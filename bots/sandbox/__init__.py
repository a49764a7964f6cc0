"""WeChat and WeCom on your own machine: same wire format, a phone page, faults on request. Never in production.

Nothing here imports ``bots.wechat``: cipher and signatures are written a second time, so that the two check each other.
"""
