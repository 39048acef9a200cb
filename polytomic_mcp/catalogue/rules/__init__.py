"""The rules that the API sets for values; the tools apply them before a write, and the sandbox at one."""
