"""What must hold of every history of orders: the laws, the histories that try them, and planted mistakes."""
