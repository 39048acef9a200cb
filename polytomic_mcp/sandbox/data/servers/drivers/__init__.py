"""An open connection to a database server: what all makes share, and MySQL's and PostgreSQL's own."""
