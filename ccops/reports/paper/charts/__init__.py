"""Charts as plain shapes, drawn once and written as SVG or on a page."""
