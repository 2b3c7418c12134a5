"""Money out by SEPA credit transfer: bank details, payouts, runs signed by two, what the bank answered."""
