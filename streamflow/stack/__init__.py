"""The local platform: real servers without containers, supervised, on loopback, all state in one directory."""
