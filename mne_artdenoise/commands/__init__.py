"""The commands of the command line, one file for each, and what they share."""
