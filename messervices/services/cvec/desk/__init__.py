"""What agents meet of the CVEC."""
