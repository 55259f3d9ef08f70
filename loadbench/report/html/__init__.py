"""Documents as one page for the browser."""
