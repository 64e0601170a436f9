-- Which of an engine's servers holds it; empty where there is one, or where it is from before there were several.
alter table sandboxes add column server text not null default '';
