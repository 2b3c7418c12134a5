"""Pages of accounts: the entrance, the account itself, its factors."""
