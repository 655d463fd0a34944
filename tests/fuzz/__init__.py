"""Random and damaged input for every reader of outside files, and for both ends of the link."""
