"""Commands as jobs: processes that outlive who started them, and are found again."""
