"""A page on loopback that shows a project at work: payloads, mappings, results, and why they are so."""
