"""One file per platform behind one contract: verify, parse, send."""
