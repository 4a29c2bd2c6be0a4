"""What a user would copy: an example platform, and the demo that calls it over HTTP."""
