"""What plugins may build on: binary and JSON files, extension fields, private state on disk, recorded balances."""
