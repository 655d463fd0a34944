"""Work that several processes and machines share: studies, queues of jobs, and files."""
