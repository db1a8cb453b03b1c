"""How reports get to people: files, mail, commands; each once, with retries, and a word to the operator on failure."""
