"""What the API's objects are and do, behind the routes: a folder for each noun."""
