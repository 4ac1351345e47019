"""Everything that answers: the HTTP service, its pages, and the process that runs them."""
