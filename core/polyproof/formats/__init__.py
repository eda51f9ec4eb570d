"""Files that others wrote, read strictly; files of ours, written in one spelling and durably."""
