"""Gets news pages and understands them."""
