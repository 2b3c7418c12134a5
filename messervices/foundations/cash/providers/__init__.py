"""What comes from La Banque Postale, and what it scans: the return file, the bar code, the signature of a delivery."""
