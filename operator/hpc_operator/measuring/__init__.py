"""What `/metrics` shows: a catalogue of every metric, what is counted as it happens, what is read at each scrape."""
