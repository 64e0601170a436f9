"""Results, plans and timelines laid out for templates and pictures: plain functions, no request."""
