"""Who is at the browser, by Enterprise WeChat."""
