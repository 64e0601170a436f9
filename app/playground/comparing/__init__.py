"""The same task on several engines: answers in one form, figures, timings."""
