"""One module a promise with a figure, each measured against a peer in the same run."""
