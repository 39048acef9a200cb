"""How every tool uses the API: finding by name, listing, waiting, merging, reading logs."""
