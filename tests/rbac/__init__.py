"""Every right of the chart taken away in turn: that each is needed, and who says so when it is missing."""
