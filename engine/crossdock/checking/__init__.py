"""What is known of a mapping before it runs: types, facts, lineage, what it reads, what is sensitive."""
