"""What several commands share: options, web servers, and text on a terminal."""
