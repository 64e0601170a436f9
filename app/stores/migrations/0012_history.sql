-- A session's runs of every engine, newest first.
create index runs_of_session_newest on runs (session_id, id desc);
