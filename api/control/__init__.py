"""Making things happen: refreshes on demand, and the scheduler."""
