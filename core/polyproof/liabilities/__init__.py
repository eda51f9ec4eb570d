"""What is owed: from a snapshot of accounts to a published audit, its verification and each user's check."""
