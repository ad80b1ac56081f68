"""Where stages can run: devices, slots, memory, and whether a stage fits there."""
