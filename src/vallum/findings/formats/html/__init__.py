"""The report as one HTML file: no script, no request to anywhere, light, dark and on paper."""
