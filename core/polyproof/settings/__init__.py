"""What a spec and a policy say, and the options classes they are made of."""
