"""What bin/run, bin/manage and bin/test are made of: the database, the processes, the checks. No Django."""
