"""All built-in recipes over a folder of pictures of any origin, and what other programs say of the outcome."""
