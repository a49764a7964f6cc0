"""The wire of the official account: signatures, encryption, XML in, XML out. The only importer of wechatpy."""
