"""The commands of the program `efficientzero`, a file each: `EXAMPLES`, `add_arguments`, `run`."""
