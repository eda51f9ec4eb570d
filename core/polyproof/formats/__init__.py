"""Files that others wrote, read strictly; our own files, written in canonical form and durably."""
