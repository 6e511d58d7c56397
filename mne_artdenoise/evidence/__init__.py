"""What evidence is made of: components that ICLabel names, and the condition of a recording."""
