"""A Discord on loopback with a web page and a sample feed, for trying Tagwire and for its tests."""
