"""``python -m polytomic_mcp`` is ``polytomic-mcp``."""

from polytomic_mcp.cli import main

if __name__ == "__main__":
    main()
