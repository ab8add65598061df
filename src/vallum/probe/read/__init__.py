"""What pages, cookies, headers and tokens say: pure readers for whoever collects and whoever judges."""
