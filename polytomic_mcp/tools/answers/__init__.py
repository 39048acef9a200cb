"""What goes back to the model: results and refusals, truncated to fit, with suggested next calls."""
