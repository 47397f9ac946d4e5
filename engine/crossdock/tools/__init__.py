"""What people do with mappings: explain, compare, measure, draft and derive them."""
