"""What plugins may build on: binary files, extension fields, private state on disk."""
