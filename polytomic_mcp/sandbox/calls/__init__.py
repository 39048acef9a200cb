"""What routes receive and use: the call and its answer, credentials, versions, pages and signed URLs."""
