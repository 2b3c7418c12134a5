"""Cash at the post office (Eficash): notices to pay, daily return files, what does not fit."""
