"""The query language, tag identity and the text function: pure, no input or output."""
