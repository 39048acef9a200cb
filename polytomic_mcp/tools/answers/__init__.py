"""What goes back to the model: results and refusals, cut to fit, with the calls that follow well."""
