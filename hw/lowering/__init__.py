"""How each kind of layer becomes hardware, a file a kind."""
