"""What people configure: options declared once, the YAML tree with positions, the reader that joins the two."""
