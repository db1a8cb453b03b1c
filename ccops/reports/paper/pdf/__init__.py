"""A report as PDF, drawn on reportlab's canvas with fonts that travel with ccops."""
