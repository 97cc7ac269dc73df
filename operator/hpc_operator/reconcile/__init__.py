"""One pass: read, observe, decide, record intent, act, report. I/O only through `ports`."""
