"""MCP features besides tools: prompts, resources, completions, subscriptions and tasks."""
