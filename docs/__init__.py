"""The documentation: Markdown, and below `generate` what is made from the code when it is built."""
