"""Every network of the package: one architecture and its frozen config per file."""
