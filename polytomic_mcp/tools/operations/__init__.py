"""The tools that find, read and write any operation of the API."""
