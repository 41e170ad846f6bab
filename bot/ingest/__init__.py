"""The ways in: fetching, reading every form of a news archive, identity, polling, importing."""
