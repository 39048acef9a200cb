"""Events: what happened lately, its delivery to webhooks, and who is told of errors."""
