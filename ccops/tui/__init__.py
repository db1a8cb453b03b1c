"""The console: Textual screens and widgets, one file each."""
