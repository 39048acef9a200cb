"""Events: what happened recently, its delivery to webhooks, and who is notified of errors."""
