"""What the accountant of a Crous follows: bank files, matching, day sheets, mismatches, where each euro went."""
