"""How Tagwire looks in Discord: the client, what it draws and what its buttons are called."""
