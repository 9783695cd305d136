"""What the documentation takes from the code when it is built: the reference of ops, the policy, the drawings."""
