"""What people set: options declared once, the YAML tree with positions, the reader that joins the two."""
