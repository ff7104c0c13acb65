"""The detector beside two others that do the same work on the same log: Quix Streams, and plain Python with a dict."""
