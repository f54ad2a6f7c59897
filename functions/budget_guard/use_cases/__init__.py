"""What the guard does, in terms of the domain and of ports to the world."""
