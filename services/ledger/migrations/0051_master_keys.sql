-- Which master key wrapped a data key, by name. No name: from before names were kept; one of those at hand opens it.
alter table personal_key add column master text;
