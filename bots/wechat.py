"""The only importer of wechatpy."""
