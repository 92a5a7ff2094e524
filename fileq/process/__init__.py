"""The processes in which pictures are worked on, and work beside the jobs."""
